import { Clock, Effect, Redacted } from "effect";
import { type DeadRunEvent, deadRunEvent, factsOfDeadRun } from "../../domain/events/dead-run.ts";
import { said } from "../../domain/events/failure-cause.ts";
import type { EventOutcome } from "../../domain/events/install-event.ts";
import { type History, type ReleaseRef, replacedBy } from "../../domain/release/release.ts";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { readHistory } from "../../phases/helm/attempt.ts";
import { EventOutbox } from "../../services/events/EventOutbox.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { warn } from "../../services/report/Reporter.ts";
import { describeCause } from "../../words/events/causes.ts";
import { installEvent } from "../../words/events/install-event.ts";

const BUDGET = "10 seconds";

/** Helm's own words can quote the values that the revision was given, and those of what it was to replace. */
const withoutSecrets = Effect.fnUntraced(function* (
  release: ReleaseRef,
  history: History,
  { subject, outcome }: DeadRunEvent,
) {
  if (subject._tag === "Run" || outcome.status === "success") return outcome;
  const helm = yield* Helm;
  const values = yield* Effect.forEach(
    [subject.revision, ...replacedBy(history, subject.revision)],
    (revision) => helm.userValues(release, revision),
    { concurrency: "unbounded" },
  );
  const secrets = values.flatMap((one) => storedSecrets(Redacted.value(one)));
  const cause = said(redactText(describeCause(outcome.cause), secrets));
  return { ...outcome, cause } satisfies EventOutcome;
});

/** Tells the deployment history what a dead run could not tell any more. It never fails the run that does so. */
export const recordDeadRun = Effect.fnUntraced(
  function* (dead: RunRecord) {
    const { release } = dead;
    const [records, outbox] = yield* Effect.all([ReleaseRecords, EventOutbox]);
    const [history, gates, uids] = yield* Effect.all(
      [readHistory(release), records.gateRecords(release), records.secretUids(release)],
      { concurrency: "unbounded" },
    );
    const event = deadRunEvent(dead, history, gates, uids);
    if (event === undefined) return;
    const outcome = yield* withoutSecrets(release, history, event);
    yield* outbox.add(
      installEvent(
        factsOfDeadRun(
          dead,
          { subject: event.subject, outcome },
          {
            release,
            startedAt: new Date(dead.startedAt),
            finishedAt: new Date(yield* Clock.currentTimeMillis),
            cliVersion: dead.cliVersion,
            workspaceId: dead.workspaceId,
            source: "cli",
          },
        ),
      ),
      event.subject._tag === "Revision" ? uids.get(event.subject.revision) : undefined,
    );
  },
  (work) =>
    work.pipe(
      Effect.timeout(BUDGET),
      Effect.catch(({ message }) => warn({ code: "dead-run-event-not-written", cause: message })),
    ),
);
