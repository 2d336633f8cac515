import { execFileSync } from "node:child_process";
import { type Drawing, drawnPart } from "./part.ts";

/**
 * The part of a matrix that this run takes, by the commit: `TARE_TEST_SEED` takes that of another, and
 * `TARE_TEST_FULL=1` everything, as does a checkout without git. Says which it was, so that a run can be repeated.
 */
export const drawn = <A>(matrix: string, drawing: Drawing<A>): ReadonlyArray<A> => {
  const seed = process.env.TARE_TEST_FULL === "1" ? undefined : (seedGiven() ?? commit());
  const part = seed === undefined ? drawing.cases : drawnPart(drawing, `${matrix} ${seed}`);
  const hint =
    seed === undefined ? "" : `, drawn by TARE_TEST_SEED=${seed} (npm run test:full runs all)`;
  process.stderr.write(`${matrix}: ${part.length} of ${drawing.cases.length} cases${hint}\n`);
  return part;
};

/** An empty variable is what a CI file leaves behind that sets nothing. */
const seedGiven = (): string | undefined => process.env.TARE_TEST_SEED || undefined;

const commit = (): string | undefined => {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
};
