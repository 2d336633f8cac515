/** What a run says of the streams, against what became of them. */
import { cutInAll } from "../../../src/domain/streams/tally.ts";
import type { Outcome, Run } from "../run.ts";
import { disturbsCalls, type Invariant, ofEachRun, struck } from "./invariant.ts";

/** Looks are a second apart, and what is seen at one is told at the next. */
const BETWEEN_LOOKS_MILLIS = 3_000;

const tallyOf = ({ reports }: Run) =>
  reports.flatMap((event) =>
    event._tag === "StreamsCounted" && event.outcome._tag === "Counted"
      ? [event.outcome.tally]
      : [],
  )[0];

const isBlind = disturbsCalls("Kubectl.proxy", "Kubectl.podHttp", "Kubectl.watch");

const untrueTally = (run: Run, { streams, story, first }: Outcome): string | undefined => {
  const tally = tallyOf(run);
  if (tally === undefined || struck(run, isBlind)) return undefined;
  // A listener that drains since an earlier run can cut streams before this one has looked at any proxy.
  if (story.world.replacesListeners === true && run !== first) return undefined;
  const dropped = streams.filter(
    ({ droppedAt }) =>
      droppedAt !== undefined && droppedAt > run.startedAt && droppedAt <= run.endedAt,
  );
  const cutAt = new Map(dropped.map(({ pod, droppedAt = 0 }) => [pod, droppedAt]));
  /** Of these it cannot know whether they ended by themselves after the last look. */
  const doubtful = streams.filter(
    ({ pod, endsAt, droppedAt }) =>
      droppedAt === undefined &&
      endsAt <= (cutAt.get(pod) ?? 0) &&
      endsAt + BETWEEN_LOOKS_MILLIS > (cutAt.get(pod) ?? 0),
  );
  const told = cutInAll(tally);
  const open = tally.stillOpen.reduce((sum, one) => sum + one.streams, 0);
  return told <= dropped.length + doubtful.length && dropped.length <= told + open
    ? undefined
    : `${told} cut and ${open} open as it says, ${dropped.length} dropped`;
};

export const streamInvariants: ReadonlyArray<Invariant> = [
  {
    name: "the-tally-is-true",
    what: "The streams that a run says it cut, and those it left open, are those that were dropped.",
    why: "An upgrade that says 'none' and cuts some is worse than one that says nothing.",
    check: ofEachRun(untrueTally),
  },
];
