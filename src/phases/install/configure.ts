/** Decides what there is to install, and with which values; asks for what is missing, and whether to begin. */
import { Effect, Option, Redacted, Result } from "effect";
import type { LiveCrd } from "../../domain/crds/plan.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { identitySecret } from "../../domain/identity/identity-secret.ts";
import { asksForHaAlone, withHa } from "../../domain/install/ha-migration.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import {
  decodePullSecret,
  PULL_SECRET,
  type PullSecret,
} from "../../domain/install/pull-secret.ts";
import { type InstallDecision, installDecision } from "../../domain/install/state.ts";
import { installSummary } from "../../domain/install/summary.ts";
import { type InstallValues, installValues } from "../../domain/install/values.ts";
import { getPath, type JsonObject, jsonEquals, setPath } from "../../domain/kube/json.ts";
import { chartVersion, lastGoodRevision, lastRevision } from "../../domain/release/release.ts";
import { isUnfinishedUninstall } from "../../domain/run/run-journal.ts";
import { carriedSecrets } from "../../domain/values/carry-over.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import {
  ChartUnusable,
  InstallationUnfinished,
  InstallRefused,
  InvalidFlag,
  MissingValues,
  NotConfirmed,
  OperationInProgress,
  WaitNeeded,
} from "../../errors.ts";
import type { Chart, ChartError } from "../../services/chart/ChartSource.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { report } from "../../services/report/Reporter.ts";
import { Prompts } from "../../services/run/Prompts.ts";
import { describePullSecretProblem } from "../../words/install/pull-secret.ts";
import { pendingStory } from "../../words/run/recovery.ts";
import { reportDifferences, requireOwnDataPlane, warnOfOpenEndpoint } from "../release/carrying.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { tellLastRun } from "../release/last-run.ts";
import type { ReleaseFacts } from "../release/read-release.ts";
import { requireOwnIdentity, requireSoundRecords } from "../release/requirements.ts";
import { rebuildOwnChart } from "./own-chart.ts";
import { sameData } from "./prepare.ts";
import { readInstall } from "./read.ts";

export interface ConfigureInput {
  readonly options: InstallOptions;
  readonly identity: Identity;
  readonly facts: ReleaseFacts;
  readonly chart: Effect.Effect<Chart, ChartError>;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
  /** Helm is somebody else's to run: nothing is begun here that there were something to say or to ask of. */
  readonly isForHelm?: boolean;
}

/** What is to be done, and everything that it is done with. */
export interface Configured {
  readonly installed: InstalledRelease;
  /** Of what was given in this run. */
  readonly pullSecret: PullSecret | undefined;
  /** The release has these values already, and was seen to work. */
  readonly isUnchanged: boolean;
  /** The Secrets that this run was given differ from those that are there, or may do so. */
  readonly hasNewSecrets: boolean;
}

type Startable = Extract<InstallDecision, { readonly _tag: "Install" | "Converge" }>;

const storyOf = Effect.fnUntraced(function* ({ history, lastRun }: ReleaseFacts) {
  const last = lastRevision(history);
  const pending = last?.status.startsWith("pending-") ? [pendingStory(last)] : [];
  return [...pending, ...(yield* tellLastRun(lastRun))];
});

const requireStartable = Effect.fnUntraced(function* (
  { options: { release }, facts }: ConfigureInput,
  { version }: Chart,
  decision: InstallDecision,
) {
  switch (decision._tag) {
    case "Install":
    case "Converge":
      return decision satisfies Startable as Startable;
    case "Husk": {
      const { revision, status } = decision.revision;
      const story = yield* storyOf(facts);
      return yield* new InstallationUnfinished({ release, revision, status, story });
    }
    case "Unfinished": {
      const { revision, status, updated } = decision.revision;
      return yield* new OperationInProgress({
        release,
        status,
        revision,
        since: updated,
        lastGood: decision.lastGood.revision,
        story: yield* storyOf(facts),
      });
    }
    default:
      return yield* new InstallRefused({ release, version, refusal: decision });
  }
});

/** Where nothing gives them, the operator is asked; without a terminal all of them are listed at once. */
const askFor = Effect.fnUntraced(function* ({ values, missing }: InstallValues) {
  if (missing.length === 0) return values;
  const prompts = yield* Prompts;
  let complete: JsonObject = Redacted.value(values);
  for (const one of missing) {
    const answer = yield* prompts.value(one);
    if (Option.isNone(answer)) return yield* new MissingValues({ missing });
    complete = setPath(complete, one.path.split("."), answer.value);
  }
  return Redacted.make(complete, { label: "values" });
});

const NAME = ["global", "imagePullSecretName"];

/** The registry decides whose credentials it must hold, and that is known only by now. */
const usePullSecret = Effect.fnUntraced(function* (
  { pullSecret, pullSecretName }: InstallOptions,
  values: InstallValues["values"],
) {
  const named = (name: string) =>
    Redacted.make(setPath(Redacted.value(values), NAME, name), { label: "values" });
  if (pullSecret === undefined) {
    return {
      pullSecret: undefined,
      values: pullSecretName === undefined ? values : named(pullSecretName),
    };
  }
  const registry = getPath(Redacted.value(values), ["global", "imageRegistry"]);
  const decoded = decodePullSecret(pullSecret, typeof registry === "string" ? registry : "");
  if (Result.isSuccess(decoded)) {
    return { pullSecret: decoded.success, values: named(PULL_SECRET) };
  }
  return yield* new InvalidFlag({
    flag: "image-pull-secret",
    expected: describePullSecretProblem(decoded.failure),
  });
});

const confirmed = Effect.fnUntraced(function* ({ yes, release }: InstallOptions) {
  if (yes) return;
  const prompts = yield* Prompts;
  const answer = yield* prompts.confirm({ _tag: "Install", release });
  if (!Option.contains(answer, true)) {
    return yield* new NotConfirmed({ isAsked: Option.isSome(answer), command: "install" });
  }
});

/** Turning HA on needs no other version: it is done with the chart that runs, and the upgrade can follow. */
const ownChartForHa = Effect.fnUntraced(function* (
  { options, facts }: ConfigureInput,
  given: Chart,
  decision: InstallDecision,
) {
  if (decision._tag !== "OtherVersion" || !asksForHaAlone(options)) {
    return { decision, chart: given, isMigration: false };
  }
  const { deployed } = decision;
  const stored = facts.stored === undefined ? {} : Redacted.value(facts.stored);
  const chart = yield* rebuildOwnChart(options, deployed, stored);
  const isProven = !facts.unproven.has(deployed.revision);
  const converge: InstallDecision = { _tag: "Converge", deployed, isProven };
  return { decision: converge, chart, isMigration: true };
});

/** What is not there, or cannot be read, is written. */
const isNewIdentity = ({ identity: live }: ReleaseFacts, identity: Identity): boolean =>
  live === undefined ||
  !sameData(
    Redacted.value(live),
    identitySecret(identity, Redacted.value(live).metadata.namespace ?? ""),
  );

const configured = Effect.fnUntraced(function* (input: ConfigureInput) {
  const { options, identity, facts } = input;
  const { release } = options;
  const given = yield* Effect.mapError(
    input.chart,
    (error) => new ChartUnusable({ chart: error.chart, cause: error.detail }),
  );
  yield* requireSoundRecords(release, facts);
  const seen = yield* readInstall(options, facts, given, input.liveCrds);
  const { decision, chart, isMigration } = yield* ownChartForHa(
    input,
    given,
    installDecision(seen),
  );
  const start = yield* requireStartable(input, chart, decision);
  const deployed = start._tag === "Converge" ? start.deployed : undefined;
  if (deployed !== undefined && !options.wait) {
    return yield* new WaitNeeded({ release, revision: deployed.revision });
  }
  const stored =
    deployed === undefined || facts.stored === undefined ? undefined : Redacted.value(facts.stored);
  if (stored !== undefined) yield* requireOwnDataPlane(options, stored);
  yield* requireOwnIdentity(release, facts.identity, identity);

  const made = installValues({ options, stored, identity, chartDefaults: chart.defaults });
  const found = isMigration
    ? { ...made, values: Redacted.make(withHa(stored ?? {}), { label: "values" }) }
    : made;
  yield* reportDifferences(found.carry);
  yield* warnOfOpenEndpoint(found.carry);
  const complete = yield* askFor(found);
  const { values, pullSecret } = yield* usePullSecret(options, complete);
  const secrets = [
    ...carriedSecrets(found.carry),
    ...storedSecrets(Redacted.value(values)),
    ...storedSecrets(stored ?? {}),
    ...(pullSecret === undefined ? [] : [pullSecret]),
    identity.privateKey,
  ];
  const installed: InstalledRelease = {
    release,
    history: facts.history,
    records: facts.records,
    secretUids: facts.secretUids,
    deployed,
    lastGood: deployed === undefined ? undefined : lastGoodRevision(facts.history, facts.unproven),
    carry: found.carry,
    lost: [],
    stored: Redacted.make(stored ?? {}, { label: "values" }),
    identity: facts.identity,
    secrets,
    values,
    scaled: deployed === undefined ? [] : facts.scaled,
    fromVersion: deployed === undefined ? chart.version : chartVersion(deployed),
    chart,
  };
  const isUnchanged =
    start._tag === "Converge" &&
    start.isProven &&
    // Objects of it may have gone by then.
    !isUnfinishedUninstall(facts.lastRun) &&
    jsonEquals(Redacted.value(values), stored ?? {});
  const hasNewSecrets = pullSecret !== undefined || isNewIdentity(facts, identity);
  return { installed, pullSecret, isUnchanged, hasNewSecrets } satisfies Configured as Configured;
});

const summarise = Effect.fnUntraced(function* (
  { options, facts }: ConfigureInput,
  { installed }: Configured,
) {
  const { chart, deployed, values } = installed;
  const place = {
    release: options.release,
    dataplaneNamespace: options.dataplaneNamespace,
    context: facts.context,
    server: facts.server,
    chart: chart.origin,
    version: chart.version,
    changes: deployed?.revision,
  };
  const summary = installSummary(place, Redacted.value(values), chart.defaults);
  yield* report({ _tag: "InstallationPrepared", summary });
});

/** Fails before anything is written, or returns what is to be. */
export const configure = {
  id: "configure",
  title: "Configuration",
  run: Effect.fnUntraced(function* (input: ConfigureInput) {
    const result = yield* configured(input);
    const { installed, isUnchanged, hasNewSecrets } = result;
    const { chart } = installed;
    const { isForHelm = false } = input;
    if (isUnchanged && !hasNewSecrets && !isForHelm) return result;
    yield* report({
      _tag: "ChartChosen",
      origin: chart.origin,
      embedded: chart.embedded,
      version: chart.version,
    });
    if (isForHelm) return result;
    yield* summarise(input, result);
    yield* confirmed(input.options);
    return result;
  }),
};
