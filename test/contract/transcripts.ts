/** Sessions of real Helms that were written down: each command with what it printed and the revisions it left. */
import type { Revision, RevisionStatus } from "../../src/domain/release/release.ts";

export interface Recorded {
  readonly command: string;
  readonly code: number;
  readonly stderr: string;
  /** The revisions afterwards; empty where they were not written down. */
  readonly revisions: ReadonlyArray<Revision>;
}

const REVISION = /^ {2}REV (\d+) (\S+) ("(?:[^"\\]|\\.)*")/;

/** Each transcript is a list of `$ command`, its exit code, its lines of stderr, and the revisions. */
export const recordings = (transcript: string): ReadonlyArray<Recorded> =>
  transcript
    .split(/^(?=\$ |--- |#)/m)
    .filter((block) => block.startsWith("$ "))
    .flatMap((block): ReadonlyArray<Recorded> => {
      const [command = "", ...lines] = block.slice(2).split("\n");
      const code = lines.map((line) => /^ {2}rc=(-?\d+)/.exec(line)?.[1]).find(Boolean);
      if (code === undefined) return [];
      const stderr = lines
        .filter((line) => line.startsWith("  ERR|"))
        .map((line) => line.slice("  ERR| ".length));
      const revisions = lines.flatMap((line): ReadonlyArray<Revision> => {
        const [, number, status, description] = REVISION.exec(line) ?? [];
        if (number === undefined || description === undefined) return [];
        return [
          {
            revision: Number(number),
            updated: "",
            status: status as RevisionStatus,
            chart: "",
            description: JSON.parse(description) as string,
          },
        ];
      });
      return [{ command, code: Number(code), stderr: stderr.join("\n"), revisions }];
    });
