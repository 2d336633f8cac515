import { gzipSync } from "node:zlib";
import { Deferred, Effect, Fiber, Option, Ref, Result } from "effect";
import type { RenderAnswers } from "../../../src/domain/helm/arguments.ts";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import { type KubeObject, refOf } from "../../../src/domain/kube/objects.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import { coalesce, type FakeChart } from "./chart.ts";
import { HelmFailure } from "./failure.ts";
import { hookJobs, runHooks } from "./hooks.ts";
import { applyObjects, awaitReady, isSameObject, knownChartType } from "./objects.ts";
import { ownershipObjection } from "./ownership.ts";
import {
  CANCELLED,
  type HelmFlags,
  noCandidateText,
  notOursText,
  notServedText,
  rollbackFailedText,
  rolledBackText,
  uninstalledText,
} from "./personality.ts";
import {
  type ApplyMethod,
  configOf,
  lastListed,
  manifestObjects,
  manifestText,
  type ReleaseRecord,
  withStatus,
} from "./records.ts";
import { rollback } from "./rollback.ts";
import {
  failWith,
  type HelmRuntime,
  isoNow,
  postRecord,
  prune,
  putRecord,
  recordsOf,
  requireReachable,
  type Waiting,
} from "./runtime.ts";
import { uninstall } from "./uninstall.ts";

export interface Upgrade extends Waiting {
  readonly release: ReleaseRef;
  readonly chart: string;
  readonly values: JsonObject;
  readonly flags: HelmFlags;
  /** Completed by the first SIGINT. */
  readonly cancelled: Deferred.Deferred<void>;
}

/** `helm upgrade --install`, in the order of its writes. */
export const upgrade = Effect.fnUntraced(function* (runtime: HelmRuntime, request: Upgrade) {
  yield* requireReachable(runtime);
  const records = yield* recordsOf(runtime, request.release);
  const chart = runtime.chartAt(request.chart);
  if (chart === undefined) return yield* failWith(`path "${request.chart}" not found`);
  // Helm looks at the last record as listed, which with ten revisions is not the newest.
  const listedLast = lastListed(records)?.info.status;
  if (request.flags.install && (listedLast === undefined || listedLast === "uninstalled")) {
    return yield* install(runtime, request, chart, records.at(-1));
  }
  return yield* Effect.mapError(
    upgradeExisting(runtime, request, chart, records),
    ({ text }) => new HelmFailure({ text: `UPGRADE FAILED: ${text}` }),
  );
}, Effect.scoped);

const render = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release }: Pick<Upgrade, "release">,
  chart: FakeChart,
  values: JsonObject,
) {
  yield* runtime.step("render");
  if (chart.fails !== undefined) {
    const template = `${chart.name}/templates/fails.yaml:1:3`;
    return yield* failWith(`execution error at (${template}): ${chart.fails}`);
  }
  return chart.render(coalesce(chart.defaults, values), release);
});

/** Every type must be served, and what exists already must be the release's own. */
const requireUsable = Effect.fnUntraced(function* (
  { api, version }: HelmRuntime,
  { release }: Pick<Upgrade, "release">,
  objects: ReadonlyArray<KubeObject>,
  old: ReadonlyArray<KubeObject>,
) {
  for (const object of objects) {
    const type = knownChartType(object);
    if (type === undefined) return yield* failWith(notServedText(object));
    const live = yield* Effect.catch(api.get(refOf(type, object)), (error) =>
      error.reason === "NotServed"
        ? failWith(notServedText(object))
        : Effect.succeed(Option.none<KubeObject>()),
    );
    if (Option.isNone(live) || old.some(isSameObject(object))) continue;
    const objection = ownershipObjection(live.value, release);
    if (objection !== undefined) {
      const moment = old.length === 0 ? "install" : "update";
      return yield* failWith(notOursText(version, moment, live.value, objection));
    }
  }
});

/** A dry run (answered by the server) or a template (by nobody). */
export const rendered = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release, chart: directory, values }: Pick<Upgrade, "release" | "chart" | "values">,
  answers: RenderAnswers,
) {
  const chart = runtime.chartAt(directory);
  if (chart === undefined) return yield* failWith(`path "${directory}" not found`);
  const objects = yield* render(runtime, { release }, chart, values);
  if (answers === "server") {
    yield* requireReachable(runtime);
    const current = currentOf(yield* recordsOf(runtime, release));
    const old = current === undefined ? [] : manifestObjects(current);
    yield* requireUsable(runtime, { release }, objects, old);
  }
  const record = JSON.stringify(recordFor({ release }, chart, values, objects, undefined));
  return {
    objects,
    hooks: hookJobs(release.namespace, chart.hooks),
    recordBytes: gzipSync(record).toString("base64").length,
  };
});

const recordFor = (
  { release }: Pick<Upgrade, "release">,
  chart: FakeChart,
  values: JsonObject,
  objects: ReadonlyArray<KubeObject>,
  method: ApplyMethod | undefined,
) => ({
  name: release.name,
  namespace: release.namespace,
  chart: {
    metadata: { name: chart.name, version: chart.version },
    values: chart.defaults,
  },
  config: values,
  manifest: manifestText(objects),
  ...(chart.hooks === undefined ? {} : { hooks: chart.hooks }),
  ...(method === undefined ? {} : { apply_method: method }),
});

const upgradeExisting = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  request: Upgrade,
  chart: FakeChart,
  records: ReadonlyArray<ReleaseRecord>,
) {
  const { release, flags } = request;
  const last = records.at(-1);
  if (last?.info.status.startsWith("pending-")) {
    return yield* failWith("another operation (install/upgrade/rollback) is in progress");
  }
  const current = currentOf(records);
  if (last === undefined || current === undefined) {
    return yield* failWith(`"${release.name}" has no deployed releases`);
  }
  // An empty values file silently keeps the old values, unless they are reset.
  const keepOld = !flags.resetValues && Object.keys(request.values).length === 0;
  const values = keepOld ? configOf(current) : request.values;
  const objects = yield* render(runtime, request, chart, values);
  yield* requireUsable(runtime, request, objects, manifestObjects(current));
  const auto = last.apply_method ?? "csa";
  const method = runtime.version.major < 4 ? undefined : flags.serverSide ? "ssa" : auto;
  const now = yield* isoNow;
  const attempt: ReleaseRecord = {
    ...recordFor(request, chart, values, objects, method),
    version: last.version + 1,
    info: {
      status: "pending-upgrade",
      description: "Preparing upgrade",
      first_deployed: current.info.first_deployed,
      last_deployed: now,
      ...(chart.notes === undefined ? {} : { notes: chart.notes }),
    },
  };
  yield* prune(runtime, records);
  yield* postRecord(runtime, attempt);

  const outcome = yield* untilCancelled(request, {
    applying: Effect.gen(function* () {
      yield* runHooks(runtime, "pre-upgrade", attempt, request.timeout);
      yield* applyObjects(runtime.api, {
        version: runtime.version,
        release,
        method: method ?? "csa",
        forceConflicts: flags.forceConflicts,
        from: manifestObjects(current),
        to: objects,
      });
      if (request.wait !== "no") {
        yield* awaitReady(runtime.api, objects, request.wait, request.timeout);
      }
      yield* runHooks(runtime, "post-upgrade", attempt, request.timeout);
    }),
    // The abandoned work gets as far as this, if it ends before the process does.
    abandoned: Effect.ignore(putRecord(runtime, withStatus(current, "superseded"))),
  });
  if (Result.isFailure(outcome)) {
    return yield* failRelease(runtime, request, attempt, outcome.failure.text);
  }
  yield* Effect.ignore(putRecord(runtime, withStatus(current, "superseded")));
  // When this one fails nobody rolls back: the release runs the new version and stays pending.
  yield* putRecord(runtime, withStatus(attempt, "deployed", "Upgrade complete"));
});

/** The revision an upgrade starts from: the deployed one, else a failed or superseded newest one. */
const currentOf = (records: ReadonlyArray<ReleaseRecord>): ReleaseRecord | undefined => {
  const last = records.at(-1);
  const deployed = records.filter(({ info }) => info.status === "deployed").at(-1);
  const usable = last?.info.status === "failed" || last?.info.status === "superseded";
  return deployed ?? (usable ? last : undefined);
};

/**
 * The first SIGINT makes Helm go on to record the failure, and to roll back, while what it was doing is not stopped: it
 * ends by itself, or with the process.
 */
const untilCancelled = Effect.fnUntraced(function* (
  { cancelled }: Upgrade,
  work: {
    readonly applying: Effect.Effect<void, HelmFailure>;
    readonly abandoned: Effect.Effect<void>;
  },
) {
  const isCancelled = yield* Ref.make(false);
  const applying = yield* Effect.forkScoped(
    Effect.tap(work.applying, () => Effect.when(work.abandoned, Ref.get(isCancelled))),
  );
  return yield* Effect.result(
    Effect.raceFirst(
      Fiber.join(applying),
      Deferred.await(cancelled).pipe(
        Effect.andThen(Ref.set(isCancelled, true)),
        Effect.andThen(failWith(CANCELLED)),
      ),
    ),
  );
});

const failRelease = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release, flags, wait, timeout }: Upgrade,
  attempt: ReleaseRecord,
  cause: string,
) {
  const description = `Upgrade "${release.name}" failed: ${cause}`;
  yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "failed", description)));
  if (!flags.atomic) return yield* failWith(cause);
  const history = yield* Effect.mapError(
    recordsOf(runtime, release),
    ({ text }) =>
      new HelmFailure({
        text: `an error occurred while finding last successful release. original upgrade error: ${cause}: ${text}`,
      }),
  );
  const candidate = history
    .filter(({ info }) => info.status === "superseded" || info.status === "deployed")
    .at(-1);
  if (candidate === undefined) return yield* failWith(noCandidateText(cause));
  yield* Effect.mapError(
    rollback(runtime, {
      release,
      revision: candidate.version,
      wait: wait === "no" ? "poll" : wait,
      timeout,
      pruning: false,
      serverSide: flags.serverSide,
      forceConflicts: flags.forceConflicts,
    }),
    ({ text }) => new HelmFailure({ text: rollbackFailedText(cause, text) }),
  );
  return yield* failWith(rolledBackText(runtime.version, release.name, cause));
});

/** The path `--install` takes when there is no record, or when the release was uninstalled and its history kept. */
const install = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  request: Upgrade,
  chart: FakeChart,
  last: ReleaseRecord | undefined,
) {
  const { release } = request;
  const objects = yield* render(runtime, request, chart, request.values);
  yield* requireUsable(runtime, request, objects, []);
  const method = runtime.version.major >= 4 ? "ssa" : undefined;
  const now = yield* isoNow;
  const attempt: ReleaseRecord = {
    ...recordFor(request, chart, request.values, objects, method),
    version: (last?.version ?? 0) + 1,
    info: {
      status: "pending-install",
      description: "Initial install underway",
      first_deployed: now,
      last_deployed: now,
      ...(chart.notes === undefined ? {} : { notes: chart.notes }),
    },
  };
  if (last !== undefined) {
    yield* putRecord(runtime, withStatus(last, "superseded", "superseded by new release"));
  }
  yield* postRecord(runtime, attempt);
  const outcome = yield* untilCancelled(request, {
    applying: Effect.gen(function* () {
      yield* runHooks(runtime, "pre-install", attempt, request.timeout);
      yield* applyObjects(runtime.api, {
        version: runtime.version,
        release,
        method: method ?? "csa",
        forceConflicts: request.flags.forceConflicts,
        from: [],
        to: objects,
      });
      if (request.wait !== "no") {
        yield* awaitReady(runtime.api, objects, request.wait, request.timeout);
      }
      yield* runHooks(runtime, "post-install", attempt, request.timeout);
    }),
    abandoned: Effect.void,
  });
  if (Result.isFailure(outcome)) {
    return yield* failInstall(runtime, request, attempt, outcome.failure.text);
  }
  // An error here is swallowed: the command succeeds, and the release stays pending.
  yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "deployed", "Install complete")));
});

const failInstall = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release, flags }: Upgrade,
  attempt: ReleaseRecord,
  cause: string,
) {
  const description = `Release "${release.name}" failed: ${cause}`;
  yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "failed", description)));
  if (!flags.atomic) return yield* failWith(cause);
  yield* uninstall(runtime, release, { keepHistory: false });
  return yield* failWith(uninstalledText(runtime.version, release.name, cause));
});
