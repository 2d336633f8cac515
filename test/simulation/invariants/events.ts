/** What the deployment history is told. */
import type { InstallEvent } from "../../../src/domain/events/install-event.ts";
import { eventsIn, recordsIn } from "../facts.ts";
import type { Fault } from "../faults/fault.ts";
import { type Outcome, type Run, runStory } from "../run.ts";
import {
  disturbsCalls,
  foundBy,
  helmCommands,
  type Invariant,
  ofEachRun,
  runsOf,
  saidNoRoom,
  struck,
} from "./invariant.ts";

const added = (run: Run): ReadonlyArray<InstallEvent> => {
  const known = new Set(eventsIn(run.before).map(({ event_id }) => event_id));
  return eventsIn(run.later).filter(({ event_id }) => !known.has(event_id));
};

/** Told for a run that died: about a revision that was there already, or about none. */
const isForTheDead =
  (run: Run, outcome: Outcome) =>
  ({ helm_revision: revision, error_code: code }: InstallEvent): boolean =>
    code === "Killed" ||
    (revision ?? Infinity) <= (recordsIn(foundBy(run, outcome)).at(-1)?.version ?? 0);

/** What a run told of itself. */
const eventsOf = (run: Run, outcome: Outcome): ReadonlyArray<InstallEvent> =>
  added(run).filter((event) => !isForTheDead(run, outcome)(event));

const disturbsOwnCalls = disturbsCalls(
  "EventOutbox.write",
  "Kubectl.apply",
  "Kubectl.list",
  "ReleaseRecords.secretUids",
  "Helm.history",
);

/** Helm is asked when the revision was begun, which is what the event goes by. */
const disturbsEvents = (fault: Fault): boolean =>
  disturbsOwnCalls(fault) ||
  (fault._tag === "Request" && fault.actor === "helm" && fault.verb === "list");

/** Codes of runs that got as far as an attempt, and those that never do. */
const ATTEMPTED = new Set([
  "UpgradeRolledBack",
  "RollbackFailed",
  "UpgradeLeftInPlace",
  "UpgradeNotStarted",
  "CrdsIncomplete",
  "CrdsRefused",
]);
const NEVER = new Set([
  "SingleReplica",
  "InvalidStoredValues",
  "NoDeployedRevision",
  "ReleaseNotFound",
  "ValuesWouldBeLost",
  "DataPlaneNamespaceMismatch",
]);

/** The doctor adds the row once there is room. */
const hasNoRoom = saidNoRoom("event-not-written");

const tooManyOrFew = (run: Run, outcome: Outcome): string | undefined => {
  const { code, error } = run;
  const events = eventsOf(run, outcome);
  if (events.length > 1) return `${events.length} events`;
  if (error !== undefined && NEVER.has(error._tag)) {
    return events.length === 0 ? undefined : `an event for ${error._tag}`;
  }
  const attempted = code === 0 || (error !== undefined && ATTEMPTED.has(error._tag));
  const isExcused = struck(run, disturbsEvents) || hasNoRoom(run, outcome);
  return attempted && events.length === 0 && !isExcused ? `no event for exit ${code}` : undefined;
};

/** The revision that the attempt wrote, by the cluster's own records; the Helm of a killed run may write one meanwhile. */
const attemptedRevision = (run: Run, outcome: Outcome): number | undefined => {
  if (helmCommands(run, "upgrade").length === 0) return undefined;
  const newest = recordsIn(foundBy(run, outcome)).at(-1)?.version ?? 0;
  return recordsIn(run.later).find(({ version }) => version > newest)?.version;
};

const untrue = (run: Run, outcome: Outcome): string | undefined => {
  const { story } = outcome;
  const [event] = eventsOf(run, outcome);
  if (event === undefined || run.how === "killed") return undefined;
  if (event.operation !== "upgrade") return `operation ${event.operation}`;
  if ((event.status === "success") !== (run.code === 0)) {
    return `status ${event.status} for exit ${run.code}`;
  }
  const revision = attemptedRevision(run, outcome);
  if (event.helm_revision !== undefined && event.helm_revision !== revision) {
    return `revision ${event.helm_revision}, not ${revision}`;
  }
  if (event.helm_revision === undefined && revision !== undefined && !struck(run, disturbsEvents)) {
    return `no revision, not ${revision}`;
  }
  const from = recordsIn(foundBy(run, outcome))
    .filter(({ info }) => info.status === "deployed")
    .at(-1)?.chart.metadata.version;
  const to = story.world.embeddedVersion;
  if (from !== to && (event.from_version !== from || event.to_version !== to)) {
    return `${event.from_version} to ${event.to_version}, not ${from} to ${to}`;
  }
  if (event.status === "success") return undefined;
  if ((event.error_summary ?? "") === "") return "no error_summary";
  const code = run.code === 130 ? "Interrupted" : run.error?._tag;
  return event.error_code === code ? undefined : `error_code ${event.error_code}, not ${code}`;
};

/** Only what others do to it at a certain call makes the rest of a run depend on the outbox. */
const isComparable = ({ story, first }: Outcome): boolean =>
  story.faults.every(({ _tag }) => _tag === "Call") &&
  struck(first, (fault) => fault._tag === "Call" && fault.port === "EventOutbox");

export const eventInvariants: ReadonlyArray<Invariant> = [
  {
    name: "one-event-per-fact",
    what: "An attempt leaves exactly one event, a refusal none, and no revision is ever told of twice for the same operation.",
    why: "One event is one row of the deployment history.",
    check: (outcome) => {
      const perRun = ofEachRun(tooManyOrFew)(outcome);
      if (perRun !== undefined) return perRun;
      const crowd = runsOf(outcome).find(
        (run) => added(run).filter(isForTheDead(run, outcome)).length > 1,
      );
      if (crowd !== undefined) return `${crowd.holder}: two events for one run that died`;
      const last = outcome.next ?? outcome.first;
      const facts = eventsIn(last.later).flatMap(({ operation, helm_revision: revision }) =>
        revision === undefined ? [] : [`${operation} of revision ${revision}`],
      );
      const twice = facts.find((fact, index) => facts.indexOf(fact) !== index);
      return twice === undefined ? undefined : `${twice} is told twice`;
    },
  },
  {
    name: "events-are-true",
    what: "An event's status, revision, versions and error code are those of the run.",
    why: "Nobody looks at the cluster to see whether the history lies.",
    check: ofEachRun(untrue),
  },
  {
    name: "outbox-never-decides",
    what: "With a faulty outbox the exit code is the one that the same run has with a healthy one.",
    why: "Telling of an upgrade must not be able to break it.",
    check: (outcome) => {
      if (!isComparable(outcome)) return undefined;
      const { story, first } = outcome;
      const faults = story.faults.filter(
        (fault) => !(fault._tag === "Call" && fault.port === "EventOutbox"),
      );
      const quiet = runStory({ ...story, faults }).first;
      return quiet.code === first.code
        ? undefined
        : `exit ${first.code}, and ${quiet.code} with a healthy outbox`;
    },
  },
];
