import { Effect, Redacted } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { dotted } from "../../domain/kube/json.ts";
import { chartVersion, lastGoodRevision } from "../../domain/release/release.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { carriedForward, carriedSecrets, carryOver } from "../../domain/values/carry-over.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { nextValues } from "../../domain/values/next-values.ts";
import {
  ChartUnusable,
  type ClusterUnavailable,
  type DataPlaneNamespaceMismatch,
  type DowngradeRefused,
  type ForeignChart,
  type InvalidStoredValues,
  type NoDeployedRevision,
  NothingToKeep,
  type OperationInProgress,
  type OtherWorkspace,
  type RecordsDamaged,
  type RecordsElsewhere,
  type ReleaseNotFound,
  type ValuesWouldBeLost,
} from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import type { Chart, ChartError } from "../../services/chart/ChartSource.ts";
import type { Helm, HelmError } from "../../services/helm/Helm.ts";
import type { Kubectl, KubectlError } from "../../services/kube/Kubectl.ts";
import type { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { unavailable } from "../kube/unavailable.ts";
import {
  reportDifferences,
  reportLosses,
  reportScales,
  requireCarriable,
  warnOfOpenEndpoint,
} from "./carrying.ts";
import type { InstalledRelease } from "./installed-release.ts";
import type { ReleaseFacts } from "./read-release.ts";
import { requireOwnIdentity, requireSuccessor, requireUpgradable } from "./requirements.ts";
import { requireRecordsInCluster } from "./unrecorded.ts";

export interface DiscoverInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly facts: Effect.Effect<ReleaseFacts, HelmError | KubectlError>;
  readonly chart: Effect.Effect<Chart, ChartError>;
}

type DiscoverError =
  | ChartUnusable
  | ClusterUnavailable
  | DataPlaneNamespaceMismatch
  | DowngradeRefused
  | ForeignChart
  | OtherWorkspace
  | RecordsDamaged
  | RecordsElsewhere
  | InvalidStoredValues
  | NoDeployedRevision
  | NothingToKeep
  | OperationInProgress
  | ReleaseNotFound
  | ValuesWouldBeLost;

export const discover: Phase<
  DiscoverInput,
  InstalledRelease,
  DiscoverError,
  Helm | Kubectl | ProcessTable | Reporter
> = {
  id: "discover",
  title: "Discover existing release",
  run: Effect.fnUntraced(function* ({ options, identity, facts, chart: resolving }) {
    const { release } = options;
    yield* requireRecordsInCluster;
    const found = yield* Effect.mapError(facts, unavailable("read the release"));
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
    const next = nextValues({
      options,
      stored,
      carry,
      chartDefaults: chart.defaults,
      scaled: found.scaled,
    });
    if (next.unknown.length > 0) {
      return yield* new NothingToKeep({
        release,
        revision: deployed.revision,
        paths: next.unknown,
      });
    }
    yield* report({
      _tag: "CarriedForward",
      carried: carriedForward(carry),
      paths: carry.entries.map(({ path }) => dotted(path)),
    });
    yield* reportDifferences(carry);
    yield* warnOfOpenEndpoint(carry);
    yield* reportScales(next.scales);
    yield* reportLosses(next.lost, options.strictValues);

    return {
      release,
      history: found.history,
      records: found.records,
      secretUids: found.secretUids,
      deployed,
      stored: Redacted.make(stored, { label: "values" }),
      identity: found.identity,
      lastGood: lastGoodRevision(found.history, found.unproven),
      carry,
      lost: next.lost,
      secrets: [
        ...carriedSecrets(carry),
        ...storedSecrets(stored),
        ...storedSecrets(Redacted.value(options.values)),
        identity.privateKey,
      ],
      values: next.values,
      scaled: found.scaled,
      fromVersion,
      chart,
    };
  }),
};
