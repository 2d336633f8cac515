/** What a release must be to be upgraded by this run. */
import { Effect, Redacted } from "effect";
import { isDowngrade } from "../../domain/chart/version-order.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { identityChange } from "../../domain/identity/identity-change.ts";
import { isInTheWay } from "../../domain/release/record-flaw.ts";
import {
  chartName,
  chartVersion,
  deployedRevision,
  isPending,
  lastGoodRevision,
  lastRevision,
  type ReleaseRef,
  type Revision,
} from "../../domain/release/release.ts";
import { diagnose } from "../../domain/run/recovery.ts";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import {
  DowngradeRefused,
  ForeignChart,
  NoDeployedRevision,
  OperationInProgress,
  OtherWorkspace,
  RecordsDamaged,
  ReleaseNotFound,
} from "../../errors.ts";
import type { Chart } from "../../services/chart/ChartSource.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { warn } from "../../services/report/Reporter.ts";
import { pendingStory } from "../../words/run/recovery.ts";
import { takesOverAt } from "../helm/attempt.ts";
import { tellLastRun } from "./last-run.ts";
import type { ReleaseFacts } from "./read-release.ts";
import { findUnrecorded } from "./unrecorded.ts";

/** TARS charts are recognised by name, wherever they are installed. */
const TARS_CHART = /^tars-v?\d/;

export const releasesElsewhere = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  const all = yield* Effect.orElseSucceed(helm.releases, () => []);
  return all
    .filter(({ chart }) => TARS_CHART.test(chart))
    .filter(({ name, namespace }) => name !== release.name || namespace !== release.namespace)
    .map(({ name, namespace }) => ({ name, namespace }));
});

/** Whether nothing can be at work on a pending revision any more: a Helm on this machine was waited for before. */
const hasEnded = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return false;
  const processes = yield* ProcessTable;
  return (yield* processes.fate(run.process)) === "gone";
});

/** Those that would stop Helm, or mislead it. */
export const recordsInTheWay = ({ flawed, history, unproven }: ReleaseFacts) => {
  const lastGood = lastGoodRevision(history, unproven)?.revision;
  return flawed.filter((record) => isInTheWay(record, history, lastGood));
};

export const requireSoundRecords = Effect.fnUntraced(function* (
  release: ReleaseRef,
  facts: ReleaseFacts,
) {
  const inTheWay = recordsInTheWay(facts);
  if (inTheWay.length > 0) return yield* new RecordsDamaged({ release, records: inTheWay });
  yield* Effect.forEach(
    facts.flawed,
    (record) => warn({ code: "record-flawed", namespace: release.namespace, record }),
    { discard: true },
  );
});

export const requireUpgradable = Effect.fnUntraced(function* (
  release: ReleaseRef,
  facts: ReleaseFacts,
) {
  const { history, unproven, lastRun } = facts;
  const last = lastRevision(history);
  yield* requireSoundRecords(release, facts);
  if (last === undefined) {
    const [elsewhere, unrecorded] = yield* Effect.all(
      [releasesElsewhere(release), findUnrecorded(release)],
      { concurrency: "unbounded" },
    );
    return yield* new ReleaseNotFound({ release, elsewhere, unrecorded });
  }
  if (isPending(last)) {
    return yield* new OperationInProgress({
      release,
      status: last.status,
      revision: last.revision,
      since: last.updated,
      lastGood: lastGoodRevision(history, unproven)?.revision,
      story: [pendingStory(last), ...(yield* tellLastRun(lastRun))],
      helmHasEnded: yield* hasEnded(lastRun),
      takeOver: yield* takesOverAt(release, last.revision),
    });
  }
  const deployed = deployedRevision(history);
  if (deployed !== undefined && unproven.has(deployed.revision)) {
    const good = lastGoodRevision(history, unproven);
    yield* warn({
      code: "deployed-unproven",
      revision: deployed.revision,
      goesBackTo: good?.revision,
    });
  }
  if (deployed === undefined) {
    const diagnosis = diagnose(history, unproven);
    const lastGood = diagnosis._tag === "Sound" ? undefined : diagnosis.to?.revision;
    return yield* new NoDeployedRevision({ release, status: last.status, lastGood });
  }
  return deployed;
});

export const requireSuccessor = Effect.fnUntraced(function* (
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

export const requireOwnIdentity = Effect.fnUntraced(function* (
  release: ReleaseRef,
  live: ReleaseFacts["identity"],
  identity: Identity,
) {
  const change = identityChange(live === undefined ? undefined : Redacted.value(live), identity);
  if (change._tag === "OtherWorkspace") return yield* new OtherWorkspace({ release, ...change });
  if (change._tag === "OtherAccount") {
    yield* warn({ code: "service-account-changes", given: change.given, live: change.live });
  }
});
