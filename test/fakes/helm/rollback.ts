import { Effect, Result } from "effect";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import type { HelmFailure } from "./failure.ts";
import { runHooks } from "./hooks.ts";
import { applyObjects, awaitReady, droppedObjects } from "./objects.ts";
import { droppedObjectText, type HelmFlags, hasDroppedObjectBug } from "./personality.ts";
import { type ApplyMethod, manifestObjects, type ReleaseRecord, withStatus } from "./records.ts";
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

export interface Rollback extends Waiting, Pick<HelmFlags, "serverSide" | "forceConflicts"> {
  readonly release: ReleaseRef;
  readonly revision: number;
  /** The automatic rollback lets the history grow by one. */
  readonly pruning: boolean;
}

/** `helm rollback`, in the order of its writes. It may start while the newest revision is pending. */
export const rollback = Effect.fnUntraced(function* (runtime: HelmRuntime, request: Rollback) {
  const { release, revision, pruning } = request;
  yield* requireReachable(runtime);
  const records = yield* recordsOf(runtime, release);
  const last = records.at(-1);
  if (last === undefined) return yield* failWith("release: not found");
  const target = records.find(({ version }) => version === revision);
  if (target === undefined) return yield* failWith(`release has no ${revision} version`);

  const { apply_method: method, ...stored } = target;
  const attempt: ReleaseRecord = {
    ...stored,
    ...applyMethodFor(runtime, request.serverSide ? "ssa" : method),
    version: last.version + 1,
    info: {
      ...target.info,
      status: "pending-rollback",
      description: `Rollback to ${revision}`,
      last_deployed: yield* isoNow,
    },
  };
  if (pruning) yield* prune(runtime, records);
  yield* postRecord(runtime, attempt);
  // A failing hook leaves the revision pending, and so the release locked.
  yield* runHooks(runtime, "pre-rollback", target, request.timeout);

  const applying = yield* Effect.result(applyTarget(runtime, last, attempt, request));
  if (Result.isFailure(applying)) {
    const { text } = applying.failure;
    yield* Effect.ignore(putRecord(runtime, withStatus(last, "superseded")));
    const description = `Rollback "${release.name}" failed: ${text}`;
    yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "failed", description)));
    return yield* failWith(text);
  }
  const waiting = yield* Effect.result(awaitTarget(runtime, target, request));
  if (Result.isFailure(waiting)) {
    const description = `Release "${release.name}" failed: ${waiting.failure.text}`;
    yield* Effect.ignore(putRecord(runtime, withStatus(attempt, "failed", description)));
    return yield* failWith(`release ${release.name} failed: ${waiting.failure.text}`);
  }
  yield* runHooks(runtime, "post-rollback", target, request.timeout);
  for (const record of yield* recordsOf(runtime, release)) {
    if (record.info.status === "deployed") {
      yield* Effect.ignore(putRecord(runtime, withStatus(record, "superseded")));
    }
  }
  yield* putRecord(runtime, withStatus(attempt, "deployed"));
});

/** Helm 3 knows nothing of it. */
const applyMethodFor = ({ version }: HelmRuntime, method: ApplyMethod | undefined) =>
  version.major < 4 || method === undefined ? {} : { apply_method: method };

const applyTarget = Effect.fnUntraced(function* (
  { api, version: helm }: HelmRuntime,
  last: ReleaseRecord,
  target: ReleaseRecord,
  { forceConflicts }: Rollback,
) {
  const [from, to] = [manifestObjects(last), manifestObjects(target)];
  const [dropped] = hasDroppedObjectBug(helm) ? yield* droppedObjects(api, from, to) : [];
  if (dropped !== undefined) {
    return yield* failWith(droppedObjectText(helm, dropped.kind, dropped.metadata.name));
  }
  const method = target.apply_method ?? "csa";
  const application = { version: helm, release: target, method, forceConflicts, from, to };
  yield* applyObjects(api, application);
});

const awaitTarget = (
  { api }: HelmRuntime,
  target: ReleaseRecord,
  { wait, timeout }: Waiting,
): Effect.Effect<void, HelmFailure> =>
  wait === "no" ? Effect.void : awaitReady(api, manifestObjects(target), wait, timeout);
