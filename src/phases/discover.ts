import { Effect, Option, Redacted } from "effect";
import {
  type CarryOver,
  carriedForwardLine,
  carriedSecrets,
  carryOver,
  malformedCarriedValues,
  malformedParents,
  withCarriedValues,
} from "../domain/carry-over.ts";
import { unprovenRevisions } from "../domain/gate-record.ts";
import type { Identity } from "../domain/identity.ts";
import { identityChange } from "../domain/identity-change.ts";
import { IDENTITY_SECRET } from "../domain/identity-secret.ts";
import { dotted, getPath, type JsonObject } from "../domain/json.ts";
import { type KubeObject, Secret } from "../domain/kube.ts";
import { type LostValue, lostValues, storedSecrets } from "../domain/lost-values.ts";
import { diagnose, pendingStory } from "../domain/recovery.ts";
import {
  chartName,
  chartVersion,
  deployedRevision,
  type History,
  isPending,
  lastGoodRevision,
  lastRevision,
  type ReleaseRef,
  type Revision,
} from "../domain/release.ts";
import type { RunRecord } from "../domain/run-journal.ts";
import {
  DEFAULT_DATAPLANE_NAMESPACE,
  generatedValues,
  type UpgradeOptions,
} from "../domain/upgrade-options.ts";
import { isDowngrade } from "../domain/version-order.ts";
import {
  type AnotherRunHoldsTheLock,
  ChartUnusable,
  ClusterUnavailable,
  DataPlaneNamespaceMismatch,
  DowngradeRefused,
  ForeignChart,
  InvalidStoredValues,
  NoDeployedRevision,
  OperationInProgress,
  OtherWorkspace,
  ReleaseNotFound,
  type RollbackFailed,
  type RunSuperseded,
  ValuesWouldBeLost,
} from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import type { Chart, ChartError } from "../services/ChartSource.ts";
import { Helm, type HelmError } from "../services/Helm.ts";
import { Kubectl, type KubectlError } from "../services/Kubectl.ts";
import type { ProcessTable } from "../services/ProcessTable.ts";
import { ReleaseRecords } from "../services/ReleaseRecords.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";
import { RunJournal } from "../services/RunJournal.ts";
import { tellLastRun } from "./recovery/tell.ts";

/** The release as it was found; nothing in it changes for the rest of the run. */
export interface ReleaseFacts {
  readonly history: History;
  /** Values of the deployed revision: the newest one may be a failed attempt. Absent when nothing is deployed. */
  readonly stored: Redacted.Redacted<JsonObject> | undefined;
  readonly secretUids: ReadonlyMap<number, string>;
  readonly unproven: ReadonlySet<number>;
  /** Who upgraded last, as far as that was written down. */
  readonly lastRun: RunRecord | undefined;
  readonly context: string | undefined;
  readonly server: string;
  /** Secret `tars-identity` as it is; `undefined` where there is none or it cannot be read. */
  readonly identity: Redacted.Redacted<KubeObject> | undefined;
}

/** Not needed to go on, so a failure to read it is none of the run. */
const readLiveIdentity = Effect.fnUntraced(function* (release: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.orElseSucceed(
    kubectl.get({ type: Secret, name: IDENTITY_SECRET, namespace: release.namespace }),
    Option.none<KubeObject>,
  );
  return Option.match(found, {
    onNone: () => undefined,
    onSome: (secret) => Redacted.make(secret, { label: IDENTITY_SECRET }),
  });
});

export const readRelease = Effect.fn("tare.read.release")(function* (release: ReleaseRef) {
  const [helm, kubectl, records, journal] = yield* Effect.all([
    Helm,
    Kubectl,
    ReleaseRecords,
    RunJournal,
  ]);
  const historyAndValues = Effect.gen(function* () {
    const history = yield* helm.history(release);
    const deployed = deployedRevision(history);
    const stored =
      deployed === undefined ? undefined : yield* helm.userValues(release, deployed.revision);
    return { history, stored };
  });
  const [{ history, stored }, secretUids, gates, lastRun, target, identity] = yield* Effect.all(
    [
      historyAndValues,
      records.secretUids(release),
      records.gateRecords(release),
      journal.latest(release),
      kubectl.target,
      readLiveIdentity(release),
    ],
    { concurrency: "unbounded" },
  );
  const facts: ReleaseFacts = {
    history,
    stored,
    secretUids,
    unproven: unprovenRevisions(gates, new Set(secretUids.values())),
    lastRun,
    context: target.context,
    server: target.server,
    identity,
  };
  return facts;
});

export interface InstalledRelease {
  readonly release: ReleaseRef;
  readonly history: History;
  readonly secretUids: ReadonlyMap<number, string>;
  readonly deployed: Revision;
  /** Where a rollback would go; `undefined` when every earlier revision is known to be bad. */
  readonly lastGood: Revision | undefined;
  readonly carry: CarryOver;
  /** What the operator once supplied, as the deployed revision has it. */
  readonly stored: Redacted.Redacted<JsonObject>;
  /** The identity that the data plane had when the run began. */
  readonly identity: Redacted.Redacted<KubeObject> | undefined;
  /** Everything that must not be quoted: what is carried, and what the stored values held besides. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>;
  /** What Helm is given: generated values with the carried ones laid over. */
  readonly values: Redacted.Redacted<JsonObject>;
  readonly fromVersion: string;
  readonly chart: Chart;
}

/** TARS charts are told by name, wherever they are installed. */
const TARS_CHART = /^tars-v?\d/;

const releasesElsewhere = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  const all = yield* Effect.orElseSucceed(helm.releases, () => []);
  return all
    .filter(({ chart }) => TARS_CHART.test(chart))
    .filter(({ name, namespace }) => name !== release.name || namespace !== release.namespace)
    .map(({ name, namespace }) => ({ name, namespace }));
});

const requireUpgradable = Effect.fnUntraced(function* (
  release: ReleaseRef,
  { history, unproven, lastRun }: ReleaseFacts,
) {
  const last = lastRevision(history);
  if (last === undefined) {
    return yield* new ReleaseNotFound({ release, elsewhere: yield* releasesElsewhere(release) });
  }
  if (isPending(last)) {
    return yield* new OperationInProgress({
      release,
      status: last.status,
      revision: last.revision,
      since: last.updated ?? "at an unknown time",
      lastGood: lastGoodRevision(history, unproven)?.revision,
      story: [pendingStory(last), ...(yield* tellLastRun(lastRun))],
    });
  }
  const deployed = deployedRevision(history);
  if (deployed === undefined) {
    const diagnosis = diagnose(history, unproven);
    const lastGood = diagnosis._tag === "Sound" ? undefined : diagnosis.to?.revision;
    return yield* new NoDeployedRevision({ release, status: last.status, lastGood });
  }
  return deployed;
});

const requireSuccessor = Effect.fnUntraced(function* (
  { release, allowDowngrade }: UpgradeOptions,
  deployed: Revision,
  chart: Chart,
) {
  const installed = chartName(deployed);
  if (installed !== chart.name) {
    return yield* new ForeignChart({ release, installed, chart: chart.name });
  }
  const [fromVersion, toVersion] = [chartVersion(deployed), chart.version];
  if (!allowDowngrade && isDowngrade(fromVersion, toVersion)) {
    return yield* new DowngradeRefused({ release, fromVersion, toVersion });
  }
});

const requireOwnIdentity = Effect.fnUntraced(function* (
  release: ReleaseRef,
  live: ReleaseFacts["identity"],
  identity: Identity,
) {
  const change = identityChange(live === undefined ? undefined : Redacted.value(live), identity);
  if (change._tag === "OtherWorkspace") return yield* new OtherWorkspace({ release, ...change });
  if (change._tag === "OtherAccount") {
    yield* warn(
      `the data plane will use service account ${change.given} instead of ${change.live}`,
    );
  }
});

const requireCarriable = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  revision: Revision,
  stored: JsonObject,
) {
  const malformed = [...malformedParents(stored), ...malformedCarriedValues(stored)];
  if (malformed.length > 0) {
    return yield* new InvalidStoredValues({
      release: options.release,
      revision: revision.revision,
      problems: malformed.map(({ path, expected }) => `${path}: ${expected}`),
    });
  }
  const live = getPath(stored, ["global", "dataplaneNamespace"]) ?? DEFAULT_DATAPLANE_NAMESPACE;
  if (live !== options.dataplaneNamespace) {
    return yield* new DataPlaneNamespaceMismatch({
      live: String(live),
      requested: options.dataplaneNamespace,
    });
  }
});

const reportLosses = Effect.fnUntraced(function* (lost: ReadonlyArray<LostValue>, strict: boolean) {
  if (lost.length === 0) return;
  if (strict) {
    return yield* new ValuesWouldBeLost({
      lost: lost.map(({ path, shown }) => `${path} = ${shown}`),
      keepWith: lost.flatMap(({ keepWith }) => (keepWith === undefined ? [] : [keepWith])),
    });
  }
  yield* report({ _tag: "ValuesLost", lost });
});

const SOURCE_NAMES = {
  flag: "the flag",
  release: "the live release",
  identity: "the identity file",
};

const reportDifferences = (carry: CarryOver): Effect.Effect<void, never, Reporter> =>
  Effect.forEach(
    carry.differences,
    ({ path, used, ignored }) =>
      warn(
        `${dotted(path)}: ${SOURCE_NAMES[used]} and ${SOURCE_NAMES[ignored]} differ; using ${SOURCE_NAMES[used]}`,
      ),
    { discard: true },
  );

export interface DiscoverInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly facts: Effect.Effect<ReleaseFacts, HelmError | KubectlError | RecoveryError>;
  readonly chart: Effect.Effect<Chart, ChartError>;
}

/** What bringing a release back can end with, before it is discovered. */
type RecoveryError =
  | AnotherRunHoldsTheLock
  | ClusterUnavailable
  | OperationInProgress
  | RollbackFailed
  | RunSuperseded;

type DiscoverError =
  | RecoveryError
  | ChartUnusable
  | ClusterUnavailable
  | DataPlaneNamespaceMismatch
  | DowngradeRefused
  | ForeignChart
  | OtherWorkspace
  | InvalidStoredValues
  | NoDeployedRevision
  | OperationInProgress
  | ReleaseNotFound
  | ValuesWouldBeLost;

export const discover: Phase<
  DiscoverInput,
  InstalledRelease,
  DiscoverError,
  Helm | ProcessTable | Reporter
> = {
  id: "discover",
  title: "Discover existing release",
  run: Effect.fnUntraced(function* ({ options, identity, facts, chart: resolving }) {
    const { release } = options;
    const found = yield* Effect.mapError(facts, (error) =>
      error._tag === "HelmError" || error._tag === "KubectlError"
        ? new ClusterUnavailable({ doing: "read the release", detail: error.message })
        : error,
    );
    const deployed = yield* requireUpgradable(release, found);
    const chart = yield* Effect.mapError(
      resolving,
      (error) => new ChartUnusable({ chart: error.chart, cause: error.detail }),
    );
    const fromVersion = chartVersion(deployed);
    yield* report({
      _tag: "ReleaseFound",
      release,
      revision: deployed.revision,
      context: found.context,
      server: found.server,
      fromVersion,
      toVersion: chart.version,
    });

    yield* requireSuccessor(options, deployed, chart);
    yield* requireOwnIdentity(release, found.identity, identity);
    const stored = found.stored === undefined ? {} : Redacted.value(found.stored);
    yield* requireCarriable(options, deployed, stored);
    const carry = carryOver(stored, options.carriedFlags, identity);
    const generated = generatedValues(options);
    yield* report({
      _tag: "CarriedForward",
      line: carriedForwardLine(carry),
      paths: carry.entries.map(({ path }) => dotted(path)),
    });
    yield* reportDifferences(carry);
    yield* reportLosses(lostValues(stored, generated, chart.defaults), options.strictValues);

    return {
      release,
      history: found.history,
      secretUids: found.secretUids,
      deployed,
      stored: Redacted.make(stored, { label: "values" }),
      identity: found.identity,
      lastGood: lastGoodRevision(found.history, found.unproven),
      carry,
      secrets: [...carriedSecrets(carry), ...storedSecrets(stored), identity.privateKey],
      values: withCarriedValues(generated, carry),
      fromVersion,
      chart,
    };
  }),
};
