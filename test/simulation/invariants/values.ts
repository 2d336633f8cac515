/** What the new release is given, and what nobody else may see. */
import { getPath, type Json } from "../../../src/domain/kube/json.ts";
import { ConfigMap, Lease, Secret } from "../../../src/domain/kube/objects.ts";
import { listed } from "../../fakes/cluster/store.ts";
import { hintsOf, PRIVATE_KEY } from "../../fakes/index.ts";
import { eventsIn } from "../facts.ts";
import type { Outcome, Run } from "../run.ts";
import type { Story } from "../story.ts";
import { CARRIED, SECRETS } from "../world/values.ts";
import { helmCommands, type Invariant, ofEachRun } from "./invariant.ts";
import { isMisled } from "./misled.ts";

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

/** What a misled run deployed is taken for meant by the one after it. */
const followsMisled = (run: Run, outcome: Outcome): boolean =>
  run === outcome.next && outcome.impatient !== undefined && isMisled(outcome.impatient, outcome);

const notCarried = (run: Run, outcome: Outcome): string | undefined => {
  if (isMisled(run, outcome) || followsMisled(run, outcome)) return undefined;
  const { story } = outcome;
  for (const { values } of helmCommands(run, "upgrade")) {
    for (const [path, flag] of CARRIED) {
      const wanted = expected(story, path, flag);
      const found = getPath(values, path.split("."));
      if (wanted !== found) return `${path} is ${show(found)}, not ${show(wanted)}`;
    }
  }
  return undefined;
};

/** What flags decide alone. */
const notGenerated = (run: Run, { options }: Story): string | undefined => {
  const wanted: ReadonlyArray<readonly [string, Json]> = [
    ["global.dataplaneNamespace", options.dataplaneNamespace],
    ["ha.enabled", options.ha],
    ["shutdown.drainTimeout", `${options.drainSeconds}s`],
    ["redis.type", "cluster"],
    ["rateLimiting.enabled", true],
  ];
  for (const { values } of helmCommands(run, "upgrade")) {
    for (const [path, value] of wanted) {
      const found = getPath(values, path.split("."));
      if (found !== value) return `${path} is ${show(found)}, not ${show(value)}`;
    }
  }
  return undefined;
};

/** What must not be passed over: an upgrade in spite of it builds another data plane, or loses what was to be kept. */
const mustNotStart = ({ world, options }: Story): string | undefined => {
  const live = world.values["global.dataplaneNamespace"] ?? "tars-dataplane";
  if (live !== options.dataplaneNamespace) return `the data plane is in ${String(live)}`;
  const lost = Object.entries(world.values).find(
    ([path, value]) =>
      !CARRIED.some(([one]) => one === path) &&
      // A flag that is not left at its default replaces the value on purpose.
      !(path === "shutdown.drainTimeout" && options.drainSeconds !== 300) &&
      !(path === "shutdown.drainTimeout" && value === `${options.drainSeconds}s`) &&
      !(path === "ha.enabled" && (value === options.ha || !options.ha)),
  )?.[0];
  return options.strictValues && lost !== undefined ? `${lost} would be lost` : undefined;
};

/** Only what a chart of ours already defaults to is not lost either: nothing of the kind is drawn. */
const startedAnyway = (run: Run, { story, first }: Outcome): string | undefined => {
  if (run !== first || helmCommands(run, "upgrade").length === 0) return undefined;
  const reason = mustNotStart(story);
  return reason === undefined ? undefined : `Helm was started although ${reason}`;
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
  const said = error === undefined ? [] : [error.what, ...error.why, hintsOf(error)];
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
    check: ofEachRun(notCarried),
  },
  {
    name: "flags-reach-the-values",
    what: "Namespace, HA, drain time, Redis and rate limiting reach Helm as the flags say.",
    why: "They are not carried: what the flags say is all there is.",
    check: ofEachRun((run, { story }) => notGenerated(run, story)),
  },
  {
    name: "losses-that-were-forbidden-stop-the-run",
    what: "Helm is never started for another data-plane namespace than the live one, nor with --strict-values when a value would be lost.",
    why: "The first cuts the data plane off; the second was asked for.",
    check: ofEachRun(startedAnyway),
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
