/** Hooks: Jobs that Helm runs at a point of its work and waits for, whether or not it was told to wait. */
import { Clock, Duration, Effect, Option } from "effect";
import { Job, type KubeObject, listAt, refOf, stringAt } from "../../../src/domain/kube/objects.ts";
import type { ChartHook, HookEvent } from "./chart.ts";
import { HelmFailure } from "./failure.ts";
import { failedHookText, slowHookText } from "./personality.ts";
import { failWith, type HelmRuntime } from "./runtime.ts";

const HOOK_TAKES = "2 seconds";
const POLL_EVERY = Duration.seconds(1);

interface Hooked {
  readonly namespace: string;
  readonly hooks?: ReadonlyArray<ChartHook>;
}

export const runHooks = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  event: HookEvent,
  { namespace, hooks = [] }: Hooked,
  timeout: Duration.Duration,
) {
  yield* runtime.step(`${event} hook`);
  for (const hook of hooks) {
    if (hook.event !== event) continue;
    if (hook.image !== undefined) {
      yield* runJob(runtime, hookJob(namespace, hook, hook.image), { event, timeout });
      continue;
    }
    yield* Effect.sleep(HOOK_TAKES);
    if (hook.outcome === "fails") {
      return yield* failWith(failedHookText(runtime.version, event, `${namespace}/${hook.job}`));
    }
  }
});

export const hookJob = (
  namespace: string,
  { event, job }: Pick<ChartHook, "event" | "job">,
  image: string,
): KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {
    name: job,
    namespace,
    annotations: {
      "helm.sh/hook": event,
      "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    },
  },
  spec: {
    backoffLimit: 1,
    template: { spec: { restartPolicy: "OnFailure", containers: [{ name: "job", image }] } },
  },
});

/** Of those that run in a Job which is known; the others only take their time. */
export const hookJobs = (
  namespace: string,
  hooks: ReadonlyArray<ChartHook> = [],
): ReadonlyArray<KubeObject> =>
  hooks.flatMap((hook) => (hook.image === undefined ? [] : [hookJob(namespace, hook, hook.image)]));

const isComplete = (job: KubeObject): boolean =>
  listAt(job, "status", "conditions").some((one) => stringAt(one, "type") === "Complete");

/** By the deletion policy of ours: what stands there from a run before goes first, and what has succeeded goes too. */
const runJob = Effect.fnUntraced(function* (
  { api, version }: HelmRuntime,
  job: KubeObject,
  { event, timeout }: { readonly event: HookEvent; readonly timeout: Duration.Duration },
) {
  const ref = refOf(Job, job);
  const name = `${ref.namespace}/${ref.name}`;
  const refused = ({ detail }: { readonly detail: string }) =>
    new HelmFailure({ text: `${event} hooks failed: ${detail}` });
  yield* Effect.mapError(api.delete(ref), refused);
  yield* Effect.mapError(api.create(Job, job), refused);
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout);
  while (true) {
    // What the server cannot answer now is asked again.
    const live = yield* Effect.orElseSucceed(api.get(ref), Option.none<KubeObject>);
    if (Option.exists(live, isComplete)) break;
    if ((yield* Clock.currentTimeMillis) >= deadline)
      return yield* failWith(slowHookText(version, event, name));
    yield* Effect.sleep(POLL_EVERY);
  }
  yield* Effect.mapError(api.delete(ref), refused);
});
