/** The client's lines, as `streams client` writes them. */

export interface FailedStream {
  readonly kind: "dropped" | "not served";
  readonly began: string;
  readonly ageSeconds: number;
  readonly tokens: number;
  readonly status?: number;
  /** Address of the pod that served it; absent when none did. */
  readonly proxy?: string;
  readonly error: string;
}

export interface Counts {
  readonly kind: "summary";
  readonly complete: number;
  readonly dropped: number;
  readonly notServed: number;
  /** Open when the run ended, and not followed any further. */
  readonly leftOpen: number;
  readonly peakOpen: number;
  readonly proxies: Readonly<
    Record<
      string,
      { readonly complete: number; readonly dropped: number; readonly lastEnd: string }
    >
  >;
}

export interface ClientResult {
  readonly failed: ReadonlyArray<FailedStream>;
  readonly counts: Counts;
}

/** `undefined` when the client did not live to count. */
export const parseClient = (output: string): ClientResult | undefined => {
  const lines = output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as FailedStream | Counts);
  const counts = lines.find((line) => line.kind === "summary");
  if (counts === undefined) return undefined;
  return { failed: lines.filter((line) => line.kind !== "summary"), counts };
};
