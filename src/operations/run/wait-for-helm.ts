/** A Helm that outlived its tare must have ended before this run touches the release. */
import { Clock, Duration, Effect, Option } from "effect";
import { ConfigMap, Secret } from "../../domain/kube/objects.ts";
import {
  isPending,
  lastRevision,
  type ReleaseRef,
  type Revision,
  releaseSecretName,
} from "../../domain/release/release.ts";
import { isHelmAtWork, longestLife } from "../../domain/run/recovery.ts";
import { believedTimeout, type RunRecord } from "../../domain/run/run-journal.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { OperationInProgress } from "../../errors.ts";
import { readHistory } from "../../phases/helm/attempt.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { warn } from "../../services/report/Reporter.ts";
import { busyWithHelm } from "../../words/release/busy.ts";

const LOOK_EVERY = Duration.seconds(1);
const LOOK_AFAR_EVERY = Duration.seconds(5);

/** Numbers of the Helms on this machine that tare started and that write to the release. */
export const helmsHere = Effect.fnUntraced(function* (release: ReleaseRef) {
  const running = yield* Effect.flatMap(ProcessTable, (processes) => processes.running);
  const target = yield* Effect.flatMap(Kubectl, (kubectl) => Effect.option(kubectl.target));
  const server = Option.isSome(target) ? target.value.server : undefined;
  return (running ?? [])
    .filter(({ words, cluster }) => cluster === server && isHelmAtWork(words, release))
    .map(({ pid }) => pid);
});

/** Waits for every Helm of this machine that writes to the release; one that outlives all its timeouts is named. */
export const waitForHelmHere = Effect.fnUntraced(function* (
  release: ReleaseRef,
  timeout: Duration.Duration,
) {
  const startedNanos = yield* Clock.monotonicTimeNanos;
  const patience = longestLife(timeout);
  let told = false;
  while (true) {
    const [pid] = yield* helmsHere(release);
    if (pid === undefined) return;
    const waited = Duration.nanos((yield* Clock.monotonicTimeNanos) - startedNanos);
    if (Duration.isGreaterThan(waited, patience)) {
      return yield* new OperationInProgress({
        release,
        ...busyWithHelm(pid, patience),
        revision: undefined,
        lastGood: undefined,
      });
    }
    if (!told) yield* warn({ code: "helm-awaited", pid });
    told = true;
    yield* waitFor("helm-here", LOOK_EVERY);
  }
});

/** The API server's time, since ours and that of the machine Helm ran on may differ. */
const serverNow = Effect.fnUntraced(function* ({ name, namespace }: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const probe = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `tare-clock-${name}`, namespace },
  };
  const kept = yield* kubectl.apply(ConfigMap, probe, {
    fieldManager: "tare",
    force: true,
    dryRun: true,
  });
  return Date.parse(kept.metadata.creationTimestamp ?? "");
});

/** For how long the revision has been there by the API server's clock; nothing when Helm keeps its records elsewhere. */
const ageOf = Effect.fnUntraced(function* (release: ReleaseRef, { revision }: Revision) {
  const kubectl = yield* Kubectl;
  const [found, now] = yield* Effect.all([
    kubectl.get({
      type: Secret,
      name: releaseSecretName(release, revision),
      namespace: release.namespace,
    }),
    serverNow(release),
  ]);
  const created = Date.parse(
    Option.match(found, {
      onNone: () => "",
      onSome: ({ metadata }) => metadata.creationTimestamp ?? "",
    }),
  );
  const age = now - created;
  return Number.isNaN(age) ? Duration.zero : Duration.millis(Math.max(0, age));
});

/** Waits for `life` to pass; returns the revision that Helm went on to meanwhile, which has a timeout of its own. */
const outlive = Effect.fnUntraced(function* (
  release: ReleaseRef,
  pending: Revision,
  lastRun: RunRecord | undefined,
  life: Duration.Duration,
) {
  const age = yield* ageOf(release, pending);
  const startedNanos = yield* Clock.monotonicTimeNanos;
  const left = Effect.map(Clock.monotonicTimeNanos, (now) =>
    Duration.subtract(Duration.subtract(life, age), Duration.nanos(now - startedNanos)),
  );
  const first = yield* left;
  if (Duration.isLessThanOrEqualTo(first, Duration.zero)) return undefined;
  yield* warn({
    code: "distant-helm-awaited",
    host: lastRun?.process.host,
    revision: pending.revision,
    atMost: Duration.seconds(Math.ceil(Duration.toSeconds(first))),
  });
  while (Duration.isGreaterThan(yield* left, Duration.zero)) {
    yield* waitFor("helm-elsewhere", Duration.min(yield* left, LOOK_AFAR_EVERY));
    const last = lastRevision(yield* readHistory(release));
    if (last === undefined || !isPending(last)) return undefined;
    if (last.revision !== pending.revision) return last;
  }
  return undefined;
});

/**
 * Returns when the Helm that left `pending` behind has ended for certain: none is seen on the machine that the dead run
 * was on, or all the timeouts it was given are over, so that no Helm can be at work on it.
 */
export const waitForHelm = Effect.fnUntraced(function* (
  release: ReleaseRef,
  pending: Revision,
  lastRun: RunRecord | undefined,
  timeout: Duration.Duration,
) {
  const given = lastRun === undefined ? timeout : believedTimeout(lastRun, timeout);
  yield* waitForHelmHere(release, given);
  const processes = yield* ProcessTable;
  if (lastRun !== undefined && (yield* processes.fate(lastRun.process)) !== "unknown") return;

  let awaited: Revision | undefined = pending;
  while (awaited !== undefined)
    awaited = yield* outlive(release, awaited, lastRun, longestLife(given));
});
