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

const LOOK = /^read \/stats\/\S+ of Pod (?:\S+)\/([^\s,]+)/;

/**
 * When the run first looked at each proxy that it follows: those there are when it begins. What was cut before, by the Helm of a
 * killed run say, is in no tally, and those that the upgrade starts are only asked for their secrets.
 */
const firstLooks = ({ startedAt, endedAt }: Run, trace: Outcome["trace"]) => {
  const looks = new Map<string, number>();
  let first: number | undefined;
  for (const { at, what } of trace) {
    const pod = LOOK.exec(what)?.[1];
    if (pod === undefined || at < startedAt || at > endedAt) continue;
    first ??= at;
    if (at === first) looks.set(pod, at);
  }
  return looks;
};

const untrueTally = (run: Run, { streams, trace }: Outcome): string | undefined => {
  const tally = tallyOf(run);
  if (tally === undefined || struck(run, isBlind)) return undefined;
  const looks = firstLooks(run, trace);
  const dropped = streams.filter(
    ({ pod, droppedAt = 0 }) =>
      droppedAt > (looks.get(pod) ?? Infinity) && droppedAt <= run.endedAt,
  );
  /** The run may have ended before it looked again. */
  const certain = dropped.filter(
    ({ droppedAt = 0 }) => droppedAt <= run.endedAt - BETWEEN_LOOKS_MILLIS,
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
  return told <= dropped.length + doubtful.length && certain.length <= told + open
    ? undefined
    : `${told} cut and ${open} open as it says, ${dropped.length} dropped, ${certain.length} of them a while before the end`;
};

export const streamInvariants: ReadonlyArray<Invariant> = [
  {
    name: "the-tally-is-true",
    what: "The streams that a run says it cut, and those it left open, are those that were dropped.",
    why: "An upgrade that says 'none' and cuts some is worse than one that says nothing.",
    check: ofEachRun(untrueTally),
  },
];
