import { gzipSync } from "node:zlib";
import { Deferred, Effect, Result } from "effect";
import type { RenderAnswers } from "../../../src/domain/helm-version.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { type KubeObject, refOf } from "../../../src/domain/kube.ts";
import type { ReleaseRef } from "../../../src/domain/release.ts";
import { coalesce, type FakeChart } from "./chart.ts";
import { HelmFailure } from "./failure.ts";
import { applyObjects, awaitReady, chartTypeOf } from "./objects.ts";
import {
  CANCELLED,
  type HelmFlags,
  noCandidateText,
  rollbackFailedText,
  rolledBackText,
} from "./personality.ts";
import {
  type ApplyMethod,
  configOf,
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
  if (records.length === 0 && request.flags.install) {
    return yield* install(runtime, request, chart);
  }
  return yield* Effect.mapError(
    upgradeExisting(runtime, request, chart, records),
    ({ text }) => new HelmFailure({ text: `UPGRADE FAILED: ${text}` }),
  );
});

const render = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release }: Upgrade,
  chart: FakeChart,
  values: JsonObject,
) {
  yield* runtime.step("render");
  const objects = chart.render(coalesce(chart.defaults, values), release);
  for (const object of objects) yield* requireKind(runtime, object);
  return objects;
});

/** A dry run (answered by the server) or a template (by nobody). */
export const rendered = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  { release, chart: directory, values }: Pick<Upgrade, "release" | "chart" | "values">,
  answers: RenderAnswers,
) {
  const chart = runtime.chartAt(directory);
  if (chart === undefined) return yield* failWith(`path "${directory}" not found`);
  yield* runtime.step("render");
  const objects = chart.render(coalesce(chart.defaults, values), release);
  if (answers === "server") {
    yield* requireReachable(runtime);
    for (const object of objects) yield* requireKind(runtime, object);
  }
  const record = JSON.stringify(recordFor({ release }, chart, values, objects, undefined));
  return {
    objects,
    hooks: [],
    recordBytes: answers === "nobody" ? undefined : gzipSync(record).toString("base64").length,
  };
});

const requireKind = ({ api }: HelmRuntime, object: KubeObject) =>
  Effect.catch(api.get(refOf(chartTypeOf(object), object)), (error) =>
    error.reason === "NotServed"
      ? failWith(
          `resource mapping not found for name: "${object.metadata.name}" namespace: "" from "": ` +
            `no matches for kind "${object.kind}" in version "${object.apiVersion}"\nensure CRDs are installed first`,
        )
      : Effect.void,
  );

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
  const method = runtime.version.major >= 4 ? (current.apply_method ?? "csa") : undefined;
  const now = yield* isoNow;
  const attempt: ReleaseRecord = {
    ...recordFor(request, chart, values, objects, method),
    version: last.version + 1,
    info: {
      status: "pending-upgrade",
      description: "Preparing upgrade",
      first_deployed: current.info.first_deployed,
      last_deployed: now,
    },
  };
  yield* prune(runtime, records);
  yield* postRecord(runtime, attempt);

  const outcome = yield* Effect.result(
    // The real Helm goes on applying in the background when it is cancelled; here it stops.
    Effect.raceFirst(
      Effect.gen(function* () {
        yield* runtime.step("pre-upgrade hook");
        yield* applyObjects(runtime.api, {
          version: runtime.version,
          method: method ?? "csa",
          from: manifestObjects(current),
          to: objects,
        });
        if (request.wait !== "no") {
          yield* awaitReady(runtime.api, objects, request.wait, request.timeout);
        }
        yield* runtime.step("post-upgrade hook");
      }),
      Effect.andThen(Deferred.await(request.cancelled), failWith(CANCELLED)),
    ),
  );
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
    }),
    ({ text }) => new HelmFailure({ text: rollbackFailedText(cause, text) }),
  );
  return yield* failWith(rolledBackText(runtime.version, release.name, cause));
});

/** The path `--install` takes when there is no record: it starts the history anew. */
const install = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  request: Upgrade,
  chart: FakeChart,
) {
  const objects = yield* render(runtime, request, chart, request.values);
  const method = runtime.version.major >= 4 ? "ssa" : undefined;
  const now = yield* isoNow;
  const attempt: ReleaseRecord = {
    ...recordFor(request, chart, request.values, objects, method),
    version: 1,
    info: {
      status: "pending-install",
      description: "Initial install underway",
      first_deployed: now,
      last_deployed: now,
    },
  };
  yield* postRecord(runtime, attempt);
  yield* applyObjects(runtime.api, {
    version: runtime.version,
    method: method ?? "csa",
    from: [],
    to: objects,
  });
  if (request.wait !== "no") {
    yield* awaitReady(runtime.api, objects, request.wait, request.timeout);
  }
  yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "deployed", "Install complete")));
});
