/** What the new release is given, and what nobody else may see. */
import { getPath, type Json } from "../../../src/domain/json.ts";
import { ConfigMap, Lease, Secret } from "../../../src/domain/kube.ts";
import { listed } from "../../fakes/cluster/store.ts";
import { PLAIN_OPERATOR, PRIVATE_KEY } from "../../fakes/index.ts";
import { eventsIn } from "../facts.ts";
import type { Run } from "../run.ts";
import type { Story } from "../story.ts";
import { CARRIED, SECRETS } from "../world/values.ts";
import { helmCommands, type Invariant, ofEachRun } from "./invariant.ts";

const IDENTITY_FIELDS: Readonly<Record<string, string>> = {
  "global.customer": "customer",
  "global.environment": "environment",
  "global.serveUrl": "serveUrl",
};

/** By the product page: a flag, else what is stored, else the identity file. */
const expected = ({ world, options }: Story, path: string, flag: string | undefined) => {
  const given = flag === undefined ? undefined : options.flags[flag];
  const field = IDENTITY_FIELDS[path];
  return given ?? (path in world.values ? world.values[path] : options.identity[field ?? ""]);
};

const show = (value: Json | undefined): string =>
  value === undefined ? "nothing" : JSON.stringify(value);

const notCarried = (run: Run, story: Story): string | undefined => {
  for (const { values } of helmCommands(run, "upgrade")) {
    for (const [path, flag] of CARRIED) {
      const wanted = expected(story, path, flag);
      const found = getPath(values, path.split("."));
      if (wanted !== found) return `${path} is ${show(found)}, not ${show(wanted)}`;
    }
  }
  return undefined;
};

const KEY_BODY = PRIVATE_KEY.split("\n")[1] ?? PRIVATE_KEY;
const FORBIDDEN: ReadonlyArray<readonly [string, string]> = [
  ["the header", SECRETS.header],
  ["the Redis password", SECRETS.password],
  ["the private key", KEY_BODY],
];

/** Everything that people or other programs can read. */
const publicText = (run: Run): string => {
  const { error } = run;
  const said = error === undefined ? [] : [error.what, ...error.why, error.hints(PLAIN_OPERATOR)];
  return JSON.stringify([
    run.reports,
    said,
    run.helmCommands.map(({ args }) => args),
    eventsIn(run.later),
    listed(run.later, ConfigMap, undefined),
    listed(run.later, Lease, undefined),
  ]);
};

export const valueInvariants: ReadonlyArray<Invariant> = [
  {
    name: "carried-values-keep-value-and-type",
    what: "Each of the nine carried paths reaches Helm as the flag, else as stored in the deployed revision, else as the identity file has it, with its type; what none of them has stays absent.",
    why: '`false`, `0`, `null` and `"00123"` are what gets lost, and nobody notices until the data plane does.',
    check: ofEachRun((run, { story }) => notCarried(run, story)),
  },
  {
    name: "no-secret-is-told",
    what: "No report, error, hint, event, argument of Helm, ConfigMap or Lease holds a stored secret or the private key, not even when Helm quotes one.",
    why: "Logs and histories are read by more people than Secrets are.",
    check: ofEachRun((run) => {
      const text = publicText(run);
      const found = FORBIDDEN.find(([, secret]) => text.includes(secret));
      return found === undefined ? undefined : `${found[0]} can be read`;
    }),
  },
  {
    name: "identity-is-there-before-helm",
    what: "When Helm is started, the Secret tars-identity is on the cluster.",
    why: "The new doctor cannot report anything without it.",
    check: ofEachRun((run) =>
      helmCommands(run, "upgrade").length === 0 ||
      listed(run.after, Secret, undefined).some(({ metadata }) => metadata.name === "tars-identity")
        ? undefined
        : "there is no tars-identity",
    ),
  },
];
