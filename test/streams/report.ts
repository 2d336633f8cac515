import type { ClientResult, FailedStream } from "./client.ts";
import { SCENARIOS, type StreamsOptions } from "./options.ts";
import type { ProxyPod } from "./proxies.ts";

/** What was done to the proxies, and how it ended. */
export interface Act {
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly said: string;
}

/** One run of the harness. */
export interface StreamsRun {
  readonly options: StreamsOptions;
  readonly act: Act;
  /** The exit code that the scenario is about. */
  readonly planned: number;
  readonly streams: ClientResult;
  readonly proxies: ReadonlyArray<ProxyPod>;
}

export const isTare = ({ scenario }: StreamsOptions): boolean =>
  scenario !== "negative-control" && scenario !== "node-drain";

/** A run that did something else says nothing about streams. */
export const isAsPlanned = ({ act, planned, streams }: StreamsRun): boolean =>
  act.exitCode === planned && streams.counts.complete + failed(streams) > 0;

const failed = ({ counts }: ClientResult): number => counts.dropped + counts.notServed;

/** Streams that did not get all their tokens. */
export const failedStreams = ({ streams }: StreamsRun): number => failed(streams);

/** What an upgrade took longer than the longest stream it may have waited for. */
export const secondsBeyond = ({ act, options }: StreamsRun): number => act.seconds - options.length;

/** Pod templates that proxies were made from after the run began: 1 is what an upgrade needs. */
export const newTemplates = ({ proxies }: StreamsRun): number =>
  new Set(proxies.map(({ template }) => template)).size - 1;

export const reportLines = (run: StreamsRun): ReadonlyArray<string> => {
  const { options, act, streams, proxies } = run;
  const { complete, dropped, notServed, leftOpen, peakOpen } = streams.counts;
  const beyond = isTare(options)
    ? `, ${secondsBeyond(run).toFixed(0)} s beyond the longest stream`
    : "";
  return [
    ...streams.failed.map((stream) => `  ${failureLine(stream, proxies)}`),
    `${SCENARIOS[options.scenario]}: exit code ${act.exitCode ?? "(none)"} after ${act.seconds.toFixed(0)} s${beyond}`,
    `proxies: ${proxies.length} seen, of ${newTemplates(run)} new pod templates; at most ${peakOpen} streams open, ${leftOpen} at the end`,
    `complete ${complete}, dropped ${dropped}${notServed === 0 ? "" : `, not served ${notServed}`}`,
  ];
};

const failureLine = (stream: FailedStream, proxies: ReadonlyArray<ProxyPod>): string => {
  const where = stream.proxy === undefined ? "" : `, ${proxyWords(stream, proxies)}`;
  const age = stream.ageSeconds.toFixed(1);
  return `${stream.kind} at ${age} s, after ${stream.tokens} tokens${where}: ${stream.error}`;
};

const proxyWords = (
  { proxy: address, began, ageSeconds }: FailedStream,
  proxies: ReadonlyArray<ProxyPod>,
): string => {
  const ended = new Date(began).getTime() + ageSeconds * 1_000;
  // An address may be given again; the stream's pod was there when it began.
  const proxy = proxies.find(
    (one) => one.address === address && (one.goneAt?.getTime() ?? Infinity) > Date.parse(began),
  );
  if (proxy === undefined) return `by ${address}`;
  if (proxy.endsSince === undefined) return `by ${proxy.name}, which was not told to end`;
  const since = (ended - proxy.endsSince.getTime()) / 1_000;
  const when = `${Math.abs(since).toFixed(0)} s ${since < 0 ? "before" : "after"}`;
  return `by ${proxy.name}, ${when} it was told to end`;
};

/** A row of the table in docs/benchmarks.md. */
export const TABLE_HEAD = [
  "| what | streams | proxies | complete | dropped | exit code | time | beyond the longest stream | new pod templates |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

export const tableRow = (title: string, run: StreamsRun): string => {
  const { options, act, streams } = run;
  const { clients, length, replicas } = options;
  const failed = streams.counts.notServed;
  return `| ${[
    title,
    `${clients} of ${length} s`,
    replicas,
    streams.counts.complete,
    failed === 0 ? streams.counts.dropped : `${streams.counts.dropped}, ${failed} not served`,
    act.exitCode ?? "",
    `${act.seconds.toFixed(0)} s`,
    isTare(options) ? `${secondsBeyond(run).toFixed(0)} s` : "",
    newTemplates(run),
  ].join(" | ")} |`;
};
