/** One process of tare: its services with the faults around them, and how it is ended from outside. */
import { Context, Duration, Effect, Exit, type Fiber, Layer, Option, Scope } from "effect";
import { type KubeObject, ResourceQuota, refOf } from "../../src/domain/kube/objects.ts";
import type { UpgradeOptions } from "../../src/domain/run/upgrade-options.ts";
import type { UpgradeError } from "../../src/errors.ts";
import { upgrade } from "../../src/operations/upgrade.ts";
import type { UpgradeResult } from "../../src/phases/helm/helm-upgrade.ts";
import {
  FakeEnvoyGateway,
  FakeHelm,
  overKubectl,
  processElsewhere,
  TARS_EGRESS,
  type World,
  withField,
} from "../fakes/index.ts";
import { NASTY } from "../hostile/text.ts";
import { type Befallen, befallCalls, befallRequests, nothingYet } from "./faults/befall.ts";
import { showFault } from "./faults/draw.ts";
import type { Fault, Happening } from "./faults/fault.ts";
import { INNER_PORTS, OUTER_PORTS } from "./faults/ports.ts";
import { limitOf, runIn, type Simulation } from "./simulation.ts";
import { identityOf } from "./world/inputs.ts";
import { NAMESPACES, quota } from "./world/obstacles.ts";
import { SECRETS } from "./world/values.ts";

/** Helm quotes values when it does not like them, secrets too. */
const brokenText = ({ world, options }: Simulation["story"]): string => {
  const known = [...Object.values(world.values), ...Object.values(options.flags)];
  const quoted = Object.values(SECRETS).filter((secret) => known.includes(secret));
  return `cannot use ${JSON.stringify(quoted)} here, ${NASTY.join(" ")}`;
};

export interface EndOf<A, E> {
  readonly how: "ended" | "killed" | "stuck";
  readonly exit: Exit.Exit<A, E> | undefined;
  readonly error: E | undefined;
  /** As the shell would see it; absent for one that was killed or never ended. */
  readonly code: number | undefined;
  readonly interrupted: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly befallen: Befallen;
}

export interface ProcessEnd extends EndOf<UpgradeResult, UpgradeError> {}

const codeOf = (exit: Exit.Exit<unknown, { readonly exitCode: number }>): number => {
  if (Exit.isSuccess(exit)) return 0;
  const error = Exit.findErrorOption(exit);
  if (Option.isSome(error)) return error.value.exitCode;
  return Exit.hasInterrupts(exit) && !Exit.hasDies(exit) ? 130 : 1;
};

/** The services of the process, all of them anew: whatever an earlier one kept in memory is gone. */
export const servicesOf = (
  { time, services }: Simulation,
  holder: string,
  around: Parameters<(typeof OUTER_PORTS)[number]["wrapIn"]>[1],
): Context.Context<World> => {
  const outer = OUTER_PORTS.reduce((known, port) => port.wrapIn(known, around), services);
  const inner = runIn(
    time,
    outer,
    Layer.buildWithScope(Layer.fresh(overKubectl(processElsewhere(holder))), Scope.makeUnsafe()),
  );
  return INNER_PORTS.reduce(
    (known, port) => port.wrapIn(known, around),
    Context.merge(outer, inner),
  );
};

/** What a process asks of its surroundings. */
type Ports = Context.Context<World>;

/** Whatever `work` is, with what befalls it. */
export const runWork = <A, E extends { readonly exitCode: number }>(
  simulation: Simulation,
  holder: string,
  work: (ports: Ports) => Effect.Effect<A, E>,
  faults: ReadonlyArray<Fault>,
): EndOf<A, E> => {
  const { story, time, trace, services, cluster } = simulation;
  const startedAt = time.now();
  const befallen = nothingYet();
  let awayUntil = Number.NEGATIVE_INFINITY;
  let interrupted = false;
  let fiber: Fiber.Fiber<A, E> | undefined;
  const fork = (effect: Effect.Effect<unknown, unknown>) =>
    Effect.runForkWith(time.context)(effect);

  const comesAndGoes = (object: KubeObject, millis: number) =>
    cluster
      .put(ResourceQuota, object)
      .pipe(
        Effect.andThen(Effect.sleep(millis)),
        Effect.andThen(cluster.remove(refOf(ResourceQuota, object))),
      );

  const happen = (happening: Happening): void => {
    trace.add("fault", showFault(happening));
    const { what, millis } = happening;
    switch (what) {
      case "tare-killed":
        befallen.killed = true;
        return;
      case "interrupt":
        interrupted = true;
        fiber?.interruptUnsafe();
        return;
      case "helm-killed":
        fork(Context.get(services, FakeHelm).kill);
        return;
      case "outage":
        awayUntil = time.now() + millis;
        befallen.delayedMillis += millis;
        return;
      case "envoy-gateway-asleep": {
        const controller = Context.get(services, FakeEnvoyGateway);
        const nap = Effect.andThen(controller.setAwake(false), Effect.sleep(millis));
        fork(Effect.andThen(nap, Effect.andThen(controller.setAwake(true), controller.reconcile)));
        return;
      }
      case "record-quota-comes":
        fork(comesAndGoes(quota("tars-system", { "count/secrets": 0 }), millis));
        return;
      case "pod-quota-comes":
        for (const namespace of NAMESPACES) {
          fork(comesAndGoes(quota(namespace, { pods: 0 }), millis));
        }
        return;
      case "proxy-edited": {
        const path = "spec.provider.kubernetes.envoyHpa.minReplicas";
        fork(cluster.edit(TARS_EGRESS, withField(path, 3)));
      }
    }
  };

  const plan = { faults, state: befallen, trace, happen };
  simulation.oversee = befallRequests(plan, (at) => at < awayUntil);
  for (const fault of faults) {
    if (fault._tag === "HelmStep") {
      fork(Context.get(services, FakeHelm).breakStep(fault.step, brokenText(story), fault.times));
    }
    if (fault._tag === "Happening" && fault.when._tag === "At") {
      const due = Effect.andThen(
        Effect.sleep(Duration.millis(fault.when.millis)),
        Effect.sync(() => {
          if (fiber?.pollUnsafe() !== undefined || befallen.killed) return;
          befallen.struck.add(fault);
          happen(fault);
        }),
      );
      fork(due);
    }
  }

  const ports = servicesOf(simulation, holder, befallCalls(plan));
  trace.add("operator", `starts ${holder}`);
  const running = Effect.runForkWith(Context.merge(ports, time.context))(
    work(ports),
    // As the command line runs it: what of an upgrade can be interrupted is its own to say.
    { uninterruptible: true },
  );
  fiber = running;
  const over = () => befallen.killed || running.pollUnsafe() !== undefined;
  const reached = time.advanceUntil(over, limitOf(simulation));
  const exit = befallen.killed ? undefined : running.pollUnsafe();
  const code = exit === undefined ? undefined : codeOf(exit);
  const how = befallen.killed ? "killed" : reached === "reached" ? "ended" : "stuck";
  trace.add("operator", how === "ended" ? `sees exit code ${code}` : `sees it ${how}`);
  return {
    how,
    exit,
    error: exit === undefined ? undefined : Option.getOrUndefined(Exit.findErrorOption(exit)),
    code,
    interrupted,
    startedAt,
    endedAt: time.now(),
    befallen,
  };
};

export const runProcess = (
  simulation: Simulation,
  holder: string,
  options: UpgradeOptions,
  faults: ReadonlyArray<Fault>,
): ProcessEnd =>
  runWork(
    simulation,
    holder,
    (ports) => Effect.provideContext(upgrade(options, identityOf(simulation.story)), ports),
    faults,
  );
