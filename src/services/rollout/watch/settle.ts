/** When a rollout has ended well: everything that it answers for is where it should be, and has been for the settling time. */
import { Clock, Duration, Effect } from "effect";
import type { KubeObject } from "../../../domain/kube/objects.ts";
import { isUnmet } from "../../../domain/rollout/baseline/answerable.ts";
import { mustBeUp } from "../../../domain/rollout/baseline/gateways.ts";
import {
  entriesOf,
  type GroupedEntry,
  rolloutProgress,
  type WorkloadProgress,
} from "../../../domain/rollout/progress.ts";
import { hasSettled, observe, UNSETTLED } from "../../../domain/rollout/settling.ts";
import type { Obstacle } from "../../../domain/rollout/trouble/obstacle.ts";
import type { WithheldSecret } from "../../../domain/rollout/trouble/withheld-secrets.ts";
import {
  type Baseline,
  excusedQuiet,
  mayStillChange,
  quietTime,
} from "../../../domain/rollout/verdict.ts";
import type { RolloutView } from "../../../domain/rollout/view.ts";
import type { WorkloadGroup } from "../../../domain/rollout/workload-group.ts";
import type { DataPlaneOutcome, Diagnosis, GateRequest } from "../RolloutGate.ts";
import { type Changes, newsOrTime, untilBurstIsOver } from "./changes.ts";
import type { RolloutWatches } from "./watches.ts";

/** What could not be confirmed is looked at again after this. */
const CONFIRM_AGAIN = Duration.seconds(1);
/** A proxy that gives up waiting for a secret after 15 s can still be given it. */
const SECRETS_ARRIVE_WITHIN = Duration.seconds(60);

interface Gate {
  readonly gate: GateRequest;
  readonly watches: RolloutWatches;
  readonly changes: Changes;
  readonly baseline: Baseline;
  /** Templates that are not of this run. */
  readonly earlier: ReadonlySet<string>;
  readonly doomed: Effect.Effect<Diagnosis>;
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
  /** A secret that a serving proxy does not get, and that all had when following began. */
  readonly withheld: (view: RolloutView) => Effect.Effect<WithheldSecret | undefined>;
}

const inTrouble = ({ cause }: Diagnosis): Obstacle => ({ _tag: "PodInTrouble", cause });

export const settle = ({ doomed, ...gate }: Gate) =>
  Effect.raceFirst(
    settling(gate),
    Effect.map(
      doomed,
      (found): DataPlaneOutcome => ({
        _tag: "NotSettled",
        why: inTrouble(found),
        diagnosis: found,
      }),
    ),
  );

const settling = Effect.fnUntraced(function* ({
  gate,
  watches,
  changes,
  baseline,
  earlier,
  diagnosis,
  withheld,
}: Omit<Gate, "doomed">) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(gate.budget);
  let state = UNSETTLED;
  let lacking: { readonly sinceMillis: number; readonly why: Obstacle } | undefined;
  while (true) {
    const looked = changes.count();
    const look = yield* lookOnce(watches, gate, earlier);
    const now = yield* Clock.currentTimeMillis;
    state = observe(state, { ...look, ready: look.why === undefined, atMillis: now });
    const needed = look.excused
      ? excusedQuiet(gate.settleTime)
      : mayStillChange(baseline, look.view)
        ? quietTime(gate.settleTime)
        : gate.settleTime;
    let nextLook = (state.readySince ?? Number.POSITIVE_INFINITY) + Duration.toMillis(needed);
    if (hasSettled(state, needed, now)) {
      // A connection that died unnoticed would show a data plane at rest for as long as one likes.
      const confirmed = yield* Effect.result(watches.confirm);
      const again = yield* lookOnce(watches, gate, earlier);
      const stands = again.why === undefined && again.fingerprint === look.fingerprint;
      if (confirmed._tag === "Success" && stands) {
        const secret = yield* withheld(again.view);
        if (secret === undefined) return outcomeOf(again);
        lacking = {
          sinceMillis: lacking?.sinceMillis ?? now,
          why: { _tag: "SecretWithheld", secret },
        };
      }
      state = UNSETTLED;
      nextLook = now + Duration.toMillis(CONFIRM_AGAIN);
    }
    const isLacking =
      lacking !== undefined &&
      now - lacking.sinceMillis >= Duration.toMillis(SECRETS_ARRIVE_WITHIN);
    // What is ready may show it: only its quiet is waited for, once more at the most.
    const isLate =
      now >= (look.why === undefined ? deadline + Duration.toMillis(needed) : deadline);
    if (isLate || isLacking) {
      const found = yield* diagnosis;
      const outcome: DataPlaneOutcome = {
        _tag: "NotSettled",
        why: (found && inTrouble(found)) ?? look.why ?? lacking?.why ?? { _tag: "Unstable" },
        diagnosis: found,
      };
      return outcome;
    }
    const wakeAt = now < deadline ? Math.min(nextLook, deadline) : nextLook;
    yield* newsOrTime(changes.after(looked), wakeAt);
    yield* untilBurstIsOver(changes, looked);
  }
});

interface Look {
  readonly view: RolloutView;
  readonly progress: ReadonlyArray<WorkloadProgress>;
  readonly fingerprint: string;
  /** Something is not where it should be that need not be: it may yet come. */
  readonly excused: boolean;
  /** Why something that Envoy Gateway made is not where it should be. */
  readonly why: Obstacle | undefined;
}

/** What decides whether the rollout has ended well. */
const gatedBy = ({ proxiesOnly = false, withRelease = false }: GateRequest) =>
  new Set<WorkloadGroup>([
    "data-plane",
    ...(proxiesOnly ? [] : (["envoy-gateway"] as const)),
    ...(withRelease ? (["release"] as const) : []),
  ]);

const lookOnce = Effect.fnUntraced(function* (
  watches: RolloutWatches,
  request: GateRequest,
  earlier: ReadonlySet<string>,
) {
  const view = yield* watches.view;
  const { asBefore = false } = request;
  const gated = gatedBy(request);
  const entries = entriesOf(view, earlier).filter(({ group }) => gated.has(group));
  const unmet = entries.find((entry) => isUnmet(view, entry, { asBefore }));
  const trouble = yield* watches.trouble;
  const waiting = entries.some(({ progress }) => progress.waitingFor !== undefined);
  const look: Look = {
    view,
    progress: rolloutProgress(view, [], earlier).filter(({ group }) => gated.has(group)),
    fingerprint: fingerprintOf(view, gated),
    excused: waiting && unmet === undefined,
    why:
      trouble === undefined ? unmet && obstacleOf(unmet) : { _tag: "Unwatched", detail: trouble },
  };
  return look;
});

const obstacleOf = ({ progress: { name, waitingFor } }: GroupedEntry): Obstacle | undefined =>
  waitingFor && { _tag: "Workload", name, waitingFor };

const outcomeOf = ({ progress, view }: Look): DataPlaneOutcome =>
  !progress.some(({ group }) => group === "data-plane") && view.gateways.length === 0
    ? { _tag: "Absent" }
    : { _tag: "Settled", workloads: progress };

/** Changes whenever a Deployment is replaced or its specification changes: then settling starts again. */
const fingerprintOf = (view: RolloutView, gated: ReadonlySet<WorkloadGroup>): string =>
  view.workloads
    .filter(({ group }) => gated.has(group))
    .filter(({ group, object }) => group !== "data-plane" || mustBeUp(view, object))
    .map(({ object }) => lineOf(object))
    .sort()
    .join("\n");

/** Not its generation: a controller that keeps notes in a Deployment's annotations changes that all the time. */
const lineOf = ({ metadata, spec }: KubeObject): string =>
  `${metadata.name} ${metadata.uid} ${JSON.stringify(spec)}`;
