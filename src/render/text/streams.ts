/** Streams on proxies that are replaced, in words. */
import { Duration } from "effect";
import {
  type CutStreams,
  cutInAll,
  type OpenStreams,
  type StreamOutcome,
  type StreamTally,
} from "../../domain/streams/tally.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";

const cutText = ({ pod, streams, by, drainSeconds }: CutStreams): string => {
  const whole = `${streams} of ${pod}`;
  if (by === "listener") return `${whole} (its listener was replaced)`;
  if (drainSeconds === undefined) return whole;
  return `${whole} (its drain of ${formatGoDuration(Duration.seconds(drainSeconds))} was over)`;
};

const openText = ({ pod, streams }: OpenStreams): string => `${streams} on ${pod}`;

const tallyText = (tally: StreamTally): string => {
  const { openAtStart, cut, stillOpen, uncounted } = tally;
  const proxies = uncounted === 1 ? "proxy" : "proxies";
  return [
    `streams: ${openAtStart} open at the start, ${cutInAll(tally)} cut`,
    cut.length === 0 ? "" : `: ${cut.map(cutText).join(", ")}`,
    stillOpen.length === 0
      ? ""
      : `; still open on proxies that drain: ${stillOpen.map(openText).join(", ")}`,
    uncounted === 0 ? "" : `; ${uncounted} ${proxies} could not be counted`,
  ].join("");
};

/** `streams: 23 open at the start, 0 cut` */
export const streamsLine = (outcome: StreamOutcome): string =>
  outcome._tag === "Counted" ? tallyText(outcome.tally) : `streams: not counted: ${outcome.why}`;

const some = (streams: number): string => `${streams} ${streams === 1 ? "stream" : "streams"}`;

/** `egress-7c49c44976-h9kf4 drains, 12 streams open` */
export const drainingLine = ({ pod, streams }: OpenStreams): string =>
  `${pod} drains, ${some(streams)} open`;

/** `draining: 12 streams on egress-7c49c44976-h9kf4, 3 on …`; nothing when no stream is open. */
export const drainingSummary = (draining: ReadonlyArray<OpenStreams>): string | undefined => {
  const [first, ...others] = draining.filter(({ streams }) => streams > 0);
  return first === undefined
    ? undefined
    : `draining: ${[`${some(first.streams)} on ${first.pod}`, ...others.map(openText)].join(", ")}`;
};
