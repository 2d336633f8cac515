import { Clock, Effect } from "effect";
import { deadRunEvent } from "../../domain/dead-run.ts";
import { installEvent } from "../../domain/install-event.ts";
import type { RunRecord } from "../../domain/run-journal.ts";
import { EventOutbox } from "../../services/EventOutbox.ts";
import { ReleaseRecords } from "../../services/ReleaseRecords.ts";
import { warn } from "../../services/Reporter.ts";
import { readHistory } from "../helm/attempt.ts";

const BUDGET = "10 seconds";

/** Tells the deployment history what a dead run could not tell any more. It never fails the run that does so. */
export const accountFor = Effect.fnUntraced(
  function* (dead: RunRecord) {
    const { release } = dead;
    const [records, outbox] = yield* Effect.all([ReleaseRecords, EventOutbox]);
    const [history, gates, uids] = yield* Effect.all(
      [readHistory(release), records.gateRecords(release), records.secretUids(release)],
      { concurrency: "unbounded" },
    );
    const event = deadRunEvent(dead, history, gates, uids);
    if (event === undefined) return;
    yield* outbox.add(
      installEvent({
        release,
        subject: event.subject,
        operation: "upgrade",
        outcome: event.outcome,
        fromVersion: dead.fromVersion,
        toVersion: dead.toVersion,
        startedAt: new Date(dead.startedAt),
        finishedAt: new Date(yield* Clock.currentTimeMillis),
        cliVersion: dead.cliVersion,
        workspaceId: dead.workspaceId,
        source: "cli",
      }),
    );
  },
  (work) =>
    work.pipe(
      Effect.timeout(BUDGET),
      Effect.catch(({ message }) =>
        warn(`the deployment history was not told of the run that died: ${message}`),
      ),
    ),
);
