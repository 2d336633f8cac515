/** What the Helm cases do, in a few words each. */
import { Duration, Effect, Redacted } from "effect";
import type { JsonObject } from "../../src/domain/kube/json.ts";
import { Helm, type HelmExit } from "../../src/services/helm/Helm.ts";
import { type ContractChart, eventually, Stage } from "./stage.ts";

export interface Attempt {
  readonly chart: ContractChart;
  readonly values?: JsonObject;
  readonly atomic?: boolean;
  readonly timeout?: Duration.Duration;
  readonly takeOver?: boolean;
  /** The default. */
  readonly wait?: boolean;
}

const start = Effect.fnUntraced(function* ({
  chart,
  values = {},
  atomic = false,
  timeout,
  takeOver = false,
  wait = true,
}: Attempt) {
  const stage = yield* Stage;
  const helm = yield* Helm;
  return yield* helm.upgrade({
    release: stage.release,
    chart: yield* stage.chart(chart),
    values: Redacted.make(values),
    timeout: timeout ?? Duration.minutes(1),
    atomic,
    takeOver,
    wait,
  });
});

/** `helm upgrade --install`, to its end. */
export const upgrade = (attempt: Attempt) =>
  Effect.scoped(Effect.flatMap(start(attempt), ({ exit }) => exit));

/** An upgrade that is sure to time out. */
export const failing = Effect.fnUntraced(function* (attempt: Omit<Attempt, "timeout">) {
  const { shortTimeout } = yield* Stage;
  return yield* upgrade({ ...attempt, timeout: shortTimeout });
});

export const rollback = Effect.fnUntraced(function* (revision: number, takeOver = false) {
  const [stage, helm] = [yield* Stage, yield* Helm];
  return yield* helm.rollback({
    release: stage.release,
    revision,
    timeout: Duration.minutes(1),
    takeOver,
  });
});

/** With its history. */
export const uninstall = Effect.gen(function* () {
  const [stage, helm] = [yield* Stage, yield* Helm];
  return yield* helm.uninstall({ release: stage.release, timeout: Duration.minutes(1) });
});

/** `revision status description`, one a line. */
export const historyLines = Effect.gen(function* () {
  const [stage, helm] = [yield* Stage, yield* Helm];
  return (yield* helm.history(stage.release)).map(
    ({ revision, status, description }) => `${revision} ${status} ${description}`,
  );
});

const statusOf = (revision: number) =>
  Effect.map(
    historyLines,
    (lines) => lines.find((line) => line.startsWith(`${revision} `))?.split(" ")[1],
  );

/** Starts an upgrade, does something to it as soon as a revision has the status, and returns how it ended. */
export const during = Effect.fnUntraced(function* (
  attempt: Attempt,
  moment: { readonly revision: number; readonly status: string; readonly after?: Duration.Input },
  act: (run: { readonly cancel: Effect.Effect<void> }) => Effect.Effect<void, never, Stage>,
) {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const run = yield* start(attempt);
      yield* eventually(statusOf(moment.revision), (status) => status === moment.status);
      yield* Effect.sleep(moment.after ?? "1500 millis");
      yield* act(run);
      return yield* run.exit;
    }),
  );
});

export const failed = ({ code }: HelmExit): boolean => code !== 0;
