/** The world of one story and the time it lives in. */
import { Context, Duration, Effect, Exit, Layer, Random, Schedule, Scope } from "effect";
import type { LoggedRequest } from "../fakes/cluster/FakeCluster.ts";
import type { Trouble } from "../fakes/cluster/faults.ts";
import type { Store } from "../fakes/cluster/store.ts";
import {
  FakeCluster,
  FakeHelm,
  FakeStreams,
  restoreRecords,
  type World,
  world,
} from "../fakes/index.ts";
import { makeDice } from "./dice.ts";
import type { Story } from "./story.ts";
import { makeTrace, type Trace } from "./trace.ts";
import { makeVirtualTime, type VirtualTime } from "./virtual-time.ts";
import { makeHandEdits } from "./world/hand-edits.ts";
import { putHostile } from "./world/hostile.ts";
import { putInTheWay } from "./world/obstacles.ts";
import { introducePolicies } from "./world/others.ts";
import { scenarioOf, seedGates } from "./world/scenario.ts";

/** No run may take longer, whatever happens to it. */
const GIVEN_UP_AFTER_MILLIS = 4 * 60 * 60 * 1_000;

export interface Simulation {
  readonly story: Story;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly services: Context.Context<World>;
  /** Every request that reached the API server. */
  readonly requests: Array<LoggedRequest>;
  /** Decides what befalls each request to the API server. */
  oversee: (request: LoggedRequest) => Trouble | undefined;
  /** Sees each request before anything befalls it. */
  watch: (request: LoggedRequest) => void;
  readonly cluster: FakeCluster["Service"];
  readonly helm: FakeHelm["Service"];
  readonly dispose: () => void;
}

const describe = ({ label, dryRun }: LoggedRequest): string =>
  dryRun ? `${label} (dry run)` : label;

/** Runs what needs no time, or waits for it in virtual time. */
export const runIn = <A, E, R>(
  time: VirtualTime,
  services: Context.Context<R>,
  effect: Effect.Effect<A, E, R>,
): A => {
  const fiber = Effect.runForkWith(Context.merge(services, time.context))(effect);
  time.advanceUntil(() => fiber.pollUnsafe() !== undefined, GIVEN_UP_AFTER_MILLIS);
  const exit = fiber.pollUnsafe();
  if (exit !== undefined && Exit.isSuccess(exit)) return exit.value;
  throw new Error("the simulation itself failed", { cause: exit });
};

export const makeSimulation = (story: Story): Simulation => {
  const time = makeVirtualTime();
  const trace = makeTrace(time.now);
  const scope = Scope.makeUnsafe();
  const chance = Context.make(Random.Random, makeDice(story.seed).random);
  const built = runIn(time, Context.empty(), Layer.buildWithScope(world(scenarioOf(story)), scope));
  const services = Context.merge(chance, built);
  const cluster = Context.get(services, FakeCluster);
  const simulation: Simulation = {
    story,
    time,
    trace,
    services,
    requests: [],
    oversee: () => undefined,
    watch: () => {},
    cluster,
    helm: Context.get(services, FakeHelm),
    dispose: () => runIn(time, services, Scope.close(scope, Exit.void)),
  };
  const before = [seedGates(story), makeHandEdits(story), introducePolicies(story)];
  runIn(time, services, Effect.all(before, { discard: true }));
  if (story.world.restored === true) runIn(time, services, restoreRecords);
  runIn(time, services, Effect.andThen(putInTheWay(story), putHostile(story)));
  runIn(
    time,
    services,
    cluster.oversee((request) => {
      simulation.requests.push(request);
      trace.add(request.actor, describe(request));
      simulation.watch(request);
      return simulation.oversee(request);
    }),
  );
  return simulation;
};

const STREAM_EVERY = "7 seconds";

/** Users: streams through the data plane from now on, whatever tare does. */
export const openStreams = ({ time, services, story }: Simulation): void => {
  const streams = Context.get(services, FakeStreams);
  const one = streams.open({
    gateway: "egress",
    namespace: "tars-dataplane",
    duration: Duration.seconds(story.world.streamSeconds),
  });
  Effect.runForkWith(time.context)(
    Effect.repeat(one, { schedule: Schedule.spaced(STREAM_EVERY), times: 100 }),
  );
};

/** The new controllers are there a while after Helm has begun. */
const CONTROLLERS_AFTER = "8 seconds";

export const replaceListeners = ({ time, services }: Simulation): void => {
  const streams = Context.get(services, FakeStreams);
  Effect.runForkWith(time.context)(Effect.delay(streams.replaceListeners(), CONTROLLERS_AFTER));
};

export const limitOf = ({ time }: Simulation): number => time.now() + GIVEN_UP_AFTER_MILLIS;

export const storeOf = ({ cluster }: Pick<Simulation, "cluster">): Store =>
  Effect.runSync(cluster.snapshot);

export const helmRuns = ({ helm }: Simulation): boolean => Effect.runSync(helm.running);

/** Lets time pass for everybody. */
export const wait = ({ time }: Simulation, millis: number): void =>
  time.advanceTo(time.now() + millis);
