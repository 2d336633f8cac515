import { Effect } from "effect";
import { Helm } from "../../services/helm/Helm.ts";
import { ProxyHold } from "../../services/hold/ProxyHold.ts";
import { RolloutGate } from "../../services/rollout/RolloutGate.ts";
import type { OpenJournal } from "../../services/run/RunJournal.ts";

const journaledHelm =
  (journal: OpenJournal) =>
  (helm: Helm["Service"]): Helm["Service"] =>
    Helm.of({
      ...helm,
      upgrade: Effect.fnUntraced(function* (request) {
        yield* journal.begun("helm-upgrade");
        const run = yield* helm.upgrade(request);
        return { ...run, exit: Effect.tap(run.exit, () => journal.done("helm-upgrade")) };
      }),
      uninstall: (request) => journal.around("helm-uninstall")(helm.uninstall(request)),
      rollback: (request) => journal.around("helm-rollback")(helm.rollback(request)),
    });

const journaledGate =
  (journal: OpenJournal) =>
  (gate: RolloutGate["Service"]): RolloutGate["Service"] =>
    RolloutGate.of({
      ...gate,
      follow: (request) =>
        Effect.map(gate.follow(request), (rollout) => ({
          ...rollout,
          settled: (wait) => journal.around("gate")(rollout.settled(wait)),
        })),
    });

const journaledHold =
  (journal: OpenJournal) =>
  (holds: ProxyHold["Service"]): ProxyHold["Service"] =>
    ProxyHold.of({
      ...holds,
      begin: (request) =>
        Effect.map(
          holds.begin(request),
          (hold) => hold && { ...hold, drained: journal.around("drain")(hold.drained) },
        ),
    });

/** Whatever `work` has Helm do to the release, and its waiting for the data plane, is noted before and after. */
export const journaled =
  (journal: OpenJournal) =>
  <A, E, R>(
    work: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E, R | Helm | ProxyHold | RolloutGate> =>
    work.pipe(
      Effect.updateService(Helm, journaledHelm(journal)),
      Effect.updateService(RolloutGate, journaledGate(journal)),
      Effect.updateService(ProxyHold, journaledHold(journal)),
    );
