/** Who started an operation, for the deployment history: never more than a name, a machine and the page of a CI job. */
import { Schema } from "effect";
import { plainLine } from "../text/plain-text.ts";
import { redactText, truncateUtf8 } from "../text/redaction.ts";
import type { ProcessIdentity } from "./process-identity.ts";

const NAME_MAX_BYTES = 128;
const URL_MAX_BYTES = 512;

const Name = Schema.String.check(Schema.isMaxLength(NAME_MAX_BYTES));

export const Actor = Schema.Struct({
  /** Of the CI system where that tells, else of the machine. */
  user: Name,
  host: Name,
  /** The CI job's page, without login and parameters. */
  job_url: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(URL_MAX_BYTES))),
});
export type Actor = typeof Actor.Type;

const name = (text: string): string => truncateUtf8(plainLine(redactText(text)), NAME_MAX_BYTES);

export const actorOf = ({ user, onBehalfOf, host, jobUrl }: ProcessIdentity): Actor => ({
  user: name(onBehalfOf ?? user),
  host: name(host),
  ...(jobUrl === undefined ? {} : { job_url: jobUrl }),
});

/** `alice@build-1`. */
export const showActor = ({ user, host }: Actor): string => `${user}@${host}`;

type Variables = Readonly<Record<string, string | undefined>>;

interface System {
  /** Variables that must all be set. */
  readonly needs: ReadonlyArray<string>;
  /** The job's page, from their values in that order; the first one, where it is the page. */
  readonly page?: (...values: ReadonlyArray<string>) => string;
  readonly user?: string;
}

/** In this order: some systems set the variables of another one as well. */
const SYSTEMS: ReadonlyArray<System> = [
  {
    needs: ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"],
    page: (server, repository, run) => `${server}/${repository}/actions/runs/${run}`,
    user: "GITHUB_ACTOR",
  },
  { needs: ["CI_JOB_URL"], user: "GITLAB_USER_LOGIN" },
  { needs: ["CI_PIPELINE_URL"], user: "CI_COMMIT_AUTHOR" },
  { needs: ["BUILDKITE_BUILD_URL"], user: "BUILDKITE_BUILD_CREATOR" },
  { needs: ["CIRCLE_BUILD_URL"], user: "CIRCLE_USERNAME" },
  {
    needs: ["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID"],
    page: (collection = "", project = "", build = "") =>
      `${collection.replace(/\/$/, "")}/${encodeURIComponent(project)}/_build/results?buildId=${encodeURIComponent(build)}`,
    user: "BUILD_REQUESTEDFOR",
  },
  {
    needs: ["BITBUCKET_GIT_HTTP_ORIGIN", "BITBUCKET_BUILD_NUMBER"],
    page: (origin, build) => `${origin}/pipelines/results/${build}`,
  },
  { needs: ["DRONE_BUILD_LINK"], user: "DRONE_COMMIT_AUTHOR" },
  { needs: ["TRAVIS_JOB_WEB_URL"] },
  { needs: ["CF_BUILD_URL"], user: "CF_BUILD_INITIATOR" },
  {
    needs: ["SEMAPHORE_ORGANIZATION_URL", "SEMAPHORE_JOB_ID"],
    page: (organization, job) => `${organization}/jobs/${job}`,
  },
  // Jenkins last: its names are the most common ones.
  { needs: ["BUILD_URL"], user: "BUILD_USER_ID" },
];

/** Parameters that say which page it is; any other one may be a key to it. */
const KEPT_PARAMETERS = ["buildId"];

const pageUrl = (text: string): string | undefined => {
  const url = URL.parse(text);
  if (url === null) return undefined;
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const kept = KEPT_PARAMETERS.flatMap((parameter): ReadonlyArray<[string, string]> => {
    const value = url.searchParams.get(parameter);
    return value === null ? [] : [[parameter, value]];
  });
  url.username = "";
  url.password = "";
  url.hash = "";
  url.search = new URLSearchParams(kept).toString();
  const page = redactText(plainLine(url.href));
  // Half a URL leads nowhere.
  return Buffer.byteLength(page) > URL_MAX_BYTES ? undefined : page;
};

const pageIn = ({ needs, page }: System, variables: Variables): string | undefined => {
  const values = needs.map((variable) => variables[variable] ?? "");
  if (values.includes("")) return undefined;
  return pageUrl(page === undefined ? (values[0] ?? "") : page(...values));
};

/** What the environment tells beyond the machine's own user: the CI job and who started it, or who used `sudo`. */
export const originIn = (variables: Variables): Pick<ProcessIdentity, "onBehalfOf" | "jobUrl"> => {
  const found = SYSTEMS.find((system) => pageIn(system, variables) !== undefined);
  const given = found === undefined ? variables.SUDO_USER : variables[found.user ?? ""];
  const onBehalfOf = given === undefined ? "" : name(given);
  const jobUrl = found === undefined ? undefined : pageIn(found, variables);
  return {
    ...(onBehalfOf === "" ? {} : { onBehalfOf }),
    ...(jobUrl === undefined ? {} : { jobUrl }),
  };
};
