/** What was asked of the API server, by its own log. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../cluster.ts";

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly objectRef?: { readonly resource?: string };
  readonly requestReceivedTimestamp: string;
}

/** What tare and the Helm that it ran asked of the API server since then. */
export const requestsSince = (cluster: Cluster, since: Date): ReadonlyArray<AuditEvent> =>
  readFileSync(join(cluster.dir, "audit.log"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): AuditEvent => JSON.parse(line))
    .filter(
      ({ stage, userAgent = "", requestReceivedTimestamp }) =>
        stage === "ResponseComplete" &&
        /^(?:Helm|node|undici|tare)/i.test(userAgent) &&
        new Date(requestReceivedTimestamp) >= since,
    );

const READS = new Set(["get", "list", "watch"]);

const isHarmless = ({ verb, requestURI, objectRef }: AuditEvent): boolean =>
  READS.has(verb) ||
  objectRef?.resource === "selfsubjectaccessreviews" ||
  (verb === "patch" && /[?&]dryRun=All(?:&|$)/.test(requestURI));

/** What would have changed something. */
export const harmful = (requests: ReadonlyArray<AuditEvent>) =>
  requests.filter((one) => !isHarmless(one)).map(({ verb, requestURI }) => `${verb} ${requestURI}`);
