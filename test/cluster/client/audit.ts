import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../cluster.ts";

/** One answered request, as the API server wrote it down. */
export interface Request {
  /** In whose name, and who asked in that name. */
  readonly user: string;
  readonly verb: string;
  readonly query: URLSearchParams;
  readonly status: number;
}

const auditLog = ({ dir }: Pick<Cluster, "dir">): ReadonlyArray<string> =>
  readFileSync(join(dir, "audit.log"), "utf8").trim().split("\n");

export const countRequests = (cluster: Pick<Cluster, "dir">): number => auditLog(cluster).length;

/** What programs of that name asked for after so many requests of all, in the order of the answers. */
export const requestsOf = (
  cluster: Pick<Cluster, "dir">,
  program: "tare" | "Helm" | "kubectl",
  after = 0,
): ReadonlyArray<Request> =>
  auditLog(cluster)
    .slice(after)
    .map((line) => JSON.parse(line))
    .filter(({ userAgent }) => String(userAgent).split("/")[0] === program)
    .map(({ user, impersonatedUser, verb, requestURI, responseStatus }) => ({
      user: [impersonatedUser, user].flatMap((one) => one?.username ?? []).join(" by "),
      verb,
      query: new URLSearchParams(String(requestURI).split("?")[1]),
      status: responseStatus?.code ?? 0,
    }));
