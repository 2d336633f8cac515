/** One tick of the doctor: writes missing rows, forwards pending events, and removes old ones. */
import { Clock, Duration, Effect } from "effect";
import type { DoctorReport } from "../domain/events/doctor-report.ts";
import { inOrder, isExpired, type OutboxEntry } from "../domain/events/outbox-entry.ts";
import { eventIdsOf } from "../domain/events/reconcile.ts";
import { type KubectlLine, kubectl } from "../domain/hints/hint.ts";
import type { Identity } from "../domain/identity/identity.ts";
import { AnotherDoctorAtWork, ClusterUnavailable, EventsWaiting } from "../errors.ts";
import { readLiveIdentity } from "../phases/release/read-release.ts";
import { requireOwnIdentity } from "../phases/release/requirements.ts";
import { EventOutbox } from "../services/events/EventOutbox.ts";
import { ReleaseLock } from "../services/lock/ReleaseLock.ts";
import { ReleaseRecords } from "../services/release/ReleaseRecords.ts";
import { OperatorShell } from "../services/report/OperatorShell.ts";
import { report } from "../services/report/Reporter.ts";
import { showKubectl } from "../words/hints/commands.ts";
import { briefOfEntry, type Forwarding, forward } from "./doctor/forward.ts";
import { type DoctorOptions, doctorLock } from "./doctor/options.ts";
import { briefOf, reconcile } from "./doctor/reconcile.ts";

export { DEFAULT_DOCTOR_OPTIONS, type DoctorOptions } from "./doctor/options.ts";

const acquireLock = Effect.fnUntraced(function* ({ release }: DoctorOptions) {
  const locks = yield* ReleaseLock;
  const options = { waitAtMost: Duration.zero, onNews: () => Effect.void };
  return yield* locks
    .acquire(doctorLock(release), options)
    .pipe(
      Effect.mapError((error) =>
        error._tag === "LockHeld"
          ? new AnotherDoctorAtWork({ release, holder: error.holder, since: error.since })
          : unavailable("take the doctor's lock")(error),
      ),
    );
});

const unavailable =
  (doing: string) =>
  ({ message }: { readonly message: string }) =>
    new ClusterUnavailable({ doing, detail: message });

/** What would be sent, if the management plane took everything. */
const rehearse = (
  added: ReadonlyArray<DoctorReport["added"][number]>,
  pending: ReadonlyArray<OutboxEntry>,
): Forwarding => ({
  forwarded: [...added, ...pending.map((entry) => briefOfEntry(entry))],
  rejected: [],
  kept: [],
  stoppedBecause: undefined,
});

const removeExpired = Effect.fnUntraced(function* (expired: ReadonlyArray<OutboxEntry>) {
  const outbox = yield* EventOutbox;
  yield* Effect.forEach(expired, (entry) => outbox.remove(entry), { discard: true });
});

const LABEL = "tars.io/delivery";

/** A rejected event is not sent again by itself; once the cause is fixed, this makes the next tick send it. */
const sendAgain = ({ namespace }: DoctorOptions["release"]): KubectlLine => {
  const which = `tars.io/component=install-event,${LABEL}=rejected`;
  const words = ["label", "configmaps", "-n", namespace, "-l", which, `${LABEL}=pending`];
  return kubectl(...words, "--overwrite");
};

/** Fails with `EventsWaiting`, after it has reported, when not everything could be sent. */
export const doctor = Effect.fn("tare.doctor")(function* (
  options: DoctorOptions,
  identity: Identity,
) {
  const { release, dryRun, retention } = options;
  yield* requireOwnIdentity(release, yield* readLiveIdentity(release), identity);
  const [outbox, records] = yield* Effect.all([EventOutbox, ReleaseRecords]);
  const lock = dryRun ? undefined : yield* acquireLock(options);

  const readEntries = Effect.mapError(outbox.entries(release), unavailable("list the events"));
  const before = yield* readEntries;
  const labels = yield* Effect.mapError(
    records.revisionLabels(release),
    unavailable("read the release's history"),
  );
  const { added, adopted, leftAlone } = yield* Effect.mapError(
    reconcile(options, identity, before, labels),
    unavailable("complete the deployment history"),
  );

  const current = eventIdsOf(release, labels);
  const unchanged = dryRun || added.length + adopted === 0;
  const entries = inOrder(unchanged ? before : yield* readEntries, current);
  const pending = entries.filter(({ delivery }) => delivery === "pending");
  const briefs = added.map(briefOf);
  const speaker = { release, workspaceId: identity.workspaceId };
  const sending =
    lock === undefined ? rehearse(briefs, pending) : yield* forward(pending, lock, speaker);

  const now = yield* Clock.currentTimeMillis;
  const expired = entries.filter((entry) =>
    isExpired(entry, current, now, Duration.toMillis(retention)),
  );
  if (!dryRun) {
    yield* Effect.mapError(removeExpired(expired), unavailable("remove old events"));
  }
  const result: DoctorReport = {
    ...sending,
    dryRun,
    added: briefs,
    removed: expired.length,
    leftAlone,
  };
  const again =
    result.rejected.length === 0
      ? {}
      : { sendAgain: showKubectl(yield* yield* OperatorShell, sendAgain(release)) };
  yield* report({ _tag: "DoctorTicked", release, report: result, ...again });
  if (sending.stoppedBecause !== undefined) {
    const { kept, stoppedBecause: cause } = sending;
    return yield* new EventsWaiting({ release, count: kept.length, cause });
  }
  return result;
}, Effect.scoped);
