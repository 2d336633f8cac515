/** What a run says of the streams, against what became of them. */
import { type CutStreams, cutInAll } from "../../../src/domain/streams/tally.ts";
import type { Ending } from "../../fakes/pods/pod.ts";
import type { Outcome, Run } from "../run.ts";
import { disturbsCalls, type Invariant, ofEachRun, struck } from "./invariant.ts";

/** Looks are a second apart, and what is seen at one is told at the next. */
const BETWEEN_LOOKS_MILLIS = 3_000;
const SAME_MOMENT_MILLIS = 1_000;

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

/** Streams of which the run cannot know whether they ended by themselves after its last look, or with the pod. */
const doubtfulOn = (pod: string, streams: Outcome["streams"], cutAt: number): number =>
  streams.filter(
    (stream) =>
      stream.pod === pod &&
      stream.droppedAt === undefined &&
      stream.endsAt <= cutAt &&
      stream.endsAt + BETWEEN_LOOKS_MILLIS > cutAt,
  ).length;

/** A proxy that was given no more time: whether it, or its last streams ended first can be told by nobody who looks now and then. */
const outOfTime = (ending: Ending | undefined): ReadonlyArray<number> =>
  ending === undefined || ending.latestAt - ending.goneAt > SAME_MOMENT_MILLIS
    ? []
    : [ending.goneAt];

/** Says more of a proxy than was dropped there, those that the upgrade itself started included. */
const inventedOn = (
  { pod, streams: told }: CutStreams,
  { startedAt, endedAt }: Run,
  { streams, endings }: Outcome,
): string | undefined => {
  const drops = streams.flatMap(({ pod: on, droppedAt = 0 }) =>
    on === pod && droppedAt > startedAt && droppedAt <= endedAt ? [droppedAt] : [],
  );
  const cutAt = Math.max(0, ...drops, ...outOfTime(endings.get(pod)));
  const known = drops.length + doubtfulOn(pod, streams, cutAt);
  return told <= known ? undefined : `${told} cut on ${pod} as it says, ${drops.length} dropped`;
};

const untrueTally = (run: Run, outcome: Outcome): string | undefined => {
  const { streams, trace } = outcome;
  const tally = tallyOf(run);
  if (tally === undefined || struck(run, isBlind)) return undefined;
  const invented = tally.cut.flatMap((one) => inventedOn(one, run, outcome) ?? [])[0];
  if (invented !== undefined) return invented;
  const looks = firstLooks(run, trace);
  /** The run may have ended before it looked again. */
  const certain = streams.filter(
    ({ pod, droppedAt = 0 }) =>
      droppedAt > (looks.get(pod) ?? Infinity) && droppedAt <= run.endedAt - BETWEEN_LOOKS_MILLIS,
  );
  const told = cutInAll(tally);
  const open = tally.stillOpen.reduce((sum, one) => sum + one.streams, 0);
  return certain.length <= told + open
    ? undefined
    : `${told} cut and ${open} open as it says, ${certain.length} dropped a while before the end`;
};

export const streamInvariants: ReadonlyArray<Invariant> = [
  {
    name: "the-tally-is-true",
    what: "The streams that a run says it cut, and those it left open, are those that were dropped.",
    why: "An upgrade that says 'none' and cuts some is worse than one that says nothing.",
    check: ofEachRun(untrueTally),
  },
];
