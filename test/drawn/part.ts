/** A part of a large matrix, drawn by a seed: the same for a seed, and every case in turn over many seeds. */
import { createHash } from "node:crypto";

export interface Drawing<A> {
  readonly cases: ReadonlyArray<A>;
  /** How much of each kind, from 0 to 1; rounded up, so that no kind is left out. */
  readonly share: number;
  /** What tells a case from all others of the matrix. */
  readonly nameOf: (one: A) => string;
  /** Cases that test the same thing at another point. */
  readonly kindOf: (one: A) => string;
}

/** In the order of the matrix. A case keeps its place in the draw when others are added to the matrix or leave it. */
export const drawnPart = <A>(
  { cases, share, nameOf, kindOf }: Drawing<A>,
  seed: string,
): ReadonlyArray<A> => {
  const place = (one: A): string =>
    createHash("sha256")
      .update(JSON.stringify([seed, kindOf(one), nameOf(one)]))
      .digest("hex");
  const drawn = new Set(
    [...Map.groupBy(cases, kindOf).values()].flatMap((kind) =>
      kind
        .toSorted((a, b) => (place(a) < place(b) ? -1 : 1))
        .slice(0, Math.max(1, Math.ceil(kind.length * share))),
    ),
  );
  return cases.filter((one) => drawn.has(one));
};
