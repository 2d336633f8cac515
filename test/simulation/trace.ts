/** What happened, in the order in which it did. */

export interface TraceLine {
  readonly at: number;
  readonly actor: string;
  readonly what: string;
}

export interface Trace {
  readonly add: (actor: string, what: string) => void;
  readonly lines: () => ReadonlyArray<TraceLine>;
}

export const makeTrace = (now: () => number): Trace => {
  const lines: Array<TraceLine> = [];
  return {
    add: (actor, what) => {
      lines.push({ at: now(), actor, what });
    },
    lines: () => lines,
  };
};

const seconds = (millis: number): string => (millis / 1_000).toFixed(3).padStart(9);

const show = ({ at, actor, what }: TraceLine): string =>
  `${seconds(at)}  ${actor.padEnd(8)}  ${what}`;

export const traceText = (lines: ReadonlyArray<TraceLine>): string => lines.map(show).join("\n");

const isRead = ({ what }: TraceLine): boolean => /^(?:get|list) /.test(what);

/** For people: a stretch of reads, which waiting is made of, becomes one line. */
export const readableTrace = (lines: ReadonlyArray<TraceLine>): ReadonlyArray<string> => {
  const shown: Array<string> = [];
  let reads: Array<TraceLine> = [];
  const flush = () => {
    const [first, second] = reads;
    if (first !== undefined && reads.length > 3) {
      const kinds = [...new Set(reads.map(({ actor, what }) => `${actor}: ${what}`))];
      const more = kinds.length > 3 ? ` and ${kinds.length - 3} more` : "";
      shown.push(
        `${seconds(first.at)}  …         ${reads.length} reads (${kinds.slice(0, 3).join(", ")}${more})`,
      );
    } else if (second !== undefined || first !== undefined) {
      shown.push(...reads.map(show));
    }
    reads = [];
  };
  for (const line of lines) {
    if (isRead(line)) {
      reads.push(line);
    } else {
      flush();
      shown.push(show(line));
    }
  }
  flush();
  return shown;
};
