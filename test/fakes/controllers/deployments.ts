import { Clock, Context, Duration, Effect, Layer, Ref } from "effect";
import { canonicalJson, type Json } from "../../../src/domain/json.ts";
import {
  Deployment,
  fieldAt,
  type KubeObject,
  listAt,
  numberAt,
  type ObjectRef,
  refOf,
  stringAt,
} from "../../../src/domain/kube.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { keyOf } from "../cluster/store.ts";
import { startupOf } from "./images.ts";
import { type Goal, nextStep, type Pod, statusOf } from "./rollout.ts";

/** Between a change and the controller noticing it. */
const NOTICED_AFTER = "200 millis";

const goalOf = (deployment: KubeObject): Goal => {
  const template = fieldAt(deployment, "spec", "template");
  const images = listAt(template, "spec", "containers").map(
    (container) => stringAt(container, "image") ?? "",
  );
  return {
    template: canonicalJson((template ?? null) as Json),
    desired: numberAt(deployment, "spec", "replicas") ?? 1,
    startupMillis: Duration.toMillis(startupOf(images)),
  };
};

/** Runs the Deployments of the fake cluster. Its pods are known only here; the Deployment's status tells of them. */
export class FakeDeployments extends Context.Service<
  FakeDeployments,
  {
    /** Gives a seeded Deployment all its pods, ready. */
    readonly settle: (deployment: KubeObject) => Effect.Effect<void>;
  }
>()("tare/testing/FakeDeployments") {
  static readonly layer: Layer.Layer<FakeDeployments, never, FakeCluster> = Layer.effect(
    FakeDeployments,
    Effect.suspend(() => make),
  );
}

const make = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const pods = yield* Ref.make<ReadonlyMap<string, ReadonlyArray<Pod>>>(new Map());

  const podsOf = (ref: ObjectRef) =>
    Effect.map(Ref.get(pods), (known) => known.get(keyOf(ref)) ?? []);
  const setPods = (ref: ObjectRef, next: ReadonlyArray<Pod>) =>
    Ref.update(pods, (known) => new Map(known).set(keyOf(ref), next));

  const publish = Effect.fnUntraced(function* (ref: ObjectRef, goal: Goal, generation: number) {
    const now = yield* Clock.currentTimeMillis;
    yield* cluster.setStatus(ref, statusOf(yield* podsOf(ref), goal, generation, now));
  });

  /** Works until the rollout ends or a newer generation takes over. */
  const rollOut = Effect.fnUntraced(function* (ref: ObjectRef, generation: number) {
    yield* Effect.sleep(NOTICED_AFTER);
    while (true) {
      const deployment = yield* cluster.peek(ref);
      if (deployment?.metadata.generation !== generation) return;
      const goal = goalOf(deployment);
      const now = yield* Clock.currentTimeMillis;
      const step = nextStep(yield* podsOf(ref), goal, now);
      if (step._tag === "Changed") {
        yield* setPods(ref, step.pods);
        continue;
      }
      yield* publish(ref, goal, generation);
      if (step._tag !== "WaitUntil") return;
      yield* Effect.sleep(Duration.millis(step.at - now));
    }
  });

  yield* cluster.react(({ type, before, after }) => {
    if (type.plural !== Deployment.plural) return Effect.void;
    if (after === undefined) {
      return before === undefined ? Effect.void : setPods(refOf(type, before), []);
    }
    return before?.metadata.generation === after.metadata.generation
      ? Effect.void
      : rollOut(refOf(type, after), after.metadata.generation ?? 0);
  });

  return FakeDeployments.of({
    settle: Effect.fnUntraced(function* (deployment) {
      const ref = refOf(Deployment, deployment);
      const goal = goalOf(deployment);
      const all = Array.from(
        { length: goal.desired },
        (): Pod => ({ template: goal.template, readyAt: 0 }),
      );
      yield* setPods(ref, all);
      yield* publish(ref, goal, deployment.metadata.generation ?? 0);
    }),
  });
});
