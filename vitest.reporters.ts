import { join } from "node:path";

/** Counts for CI beside the readable report: one JSON file per suite in `TARE_TEST_REPORTS`. */
export const reportersFor = (suite: string) => {
  const folder = process.env.TARE_TEST_REPORTS;
  return folder === undefined
    ? { reporters: ["default"] }
    : { reporters: ["default", "json"], outputFile: { json: join(folder, `${suite}.json`) } };
};
