import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Adds up vitest's JSON reports; a suite that left none counts as one failure, since nothing of it is known. */
const [folder = "", ...suites] = process.argv.slice(2);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}

const counts = suites.map((suite) => {
  const file = join(folder, `${suite}.json`);
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, "utf8")) as Report;
  // A file that cannot even be loaded has no tests to fail.
  const failed = report.numFailedTests || (report.numFailedTestSuites > 0 ? 1 : 0);
  return { passed: report.numPassedTests, failed };
});

const sum = (of: (count: (typeof counts)[number]) => number) =>
  counts.reduce((total, count) => total + of(count), 0);

const failed = sum((count) => count.failed);
console.log(`${sum((count) => count.passed)} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
