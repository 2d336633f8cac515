/**
 * Reads what Helm printed on stderr. Text alone never decides the state of a release (the history does); it supplies
 * the reason, and tells apart failures that left nothing behind.
 */

const NOISE = [
  /^level=(?:DEBUG|INFO|WARN|ERROR)\b/,
  /^[IWEF]\d{4} \d\d:\d\d:\d\d/,
  /^WARNING: /,
  /^Flag --\S+ has been deprecated/,
  /^(?:Pulled|Digest): /,
];

/** Everything after the first `Error: `, later lines included: waits and schema errors span several. */
export const helmErrorText = (stderr: string): string => {
  const lines = stderr.split(/\r?\n/).filter((line) => !NOISE.some((noise) => noise.test(line)));
  const start = lines.findIndex((line) => line.startsWith("Error: "));
  const relevant = start === -1 ? lines : lines.slice(start);
  return relevant
    .join("\n")
    .replace(/^Error: /, "")
    .trim();
};

export type HelmFailureKind =
  | "locked"
  | "not-found"
  | "no-deployed-release"
  | "unreachable"
  | "forbidden"
  | "timeout"
  | "cancelled"
  | "storage"
  | "other";

const KINDS: ReadonlyArray<readonly [HelmFailureKind, RegExp]> = [
  [
    "locked",
    /another operation \(install\/upgrade\/rollback\) is in progress|release: already exists/i,
  ],
  ["not-found", /release: not found/i],
  ["no-deployed-release", /"[^"]+" has no deployed releases/i],
  ["unreachable", /kubernetes cluster unreachable|cluster reachability check failed/i],
  ["cancelled", /context canceled/i],
  ["forbidden", / is forbidden: /i],
  [
    "timeout",
    /context deadline exceeded|timed out waiting for the condition|would exceed context deadline/i,
  ],
  [
    "storage",
    /(?:create: failed to create|update: failed to update|query: failed to query(?: with labels)?|list: failed to list): /i,
  ],
];

export const classifyHelmError = (text: string): HelmFailureKind =>
  KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";

const WRAPPERS = [
  /^UPGRADE FAILED: /,
  /^INSTALLATION FAILED: /,
  /^release \S+ failed, and has been (?:rolled back|uninstalled) due to (?:atomic|rollback-on-failure) being set: /i,
  /^an error occurred while rolling back the release\. original upgrade error: /i,
  /^an error occurred while finding last successful release\. original upgrade error: /i,
  /^unable to find a previously successful release when attempting to rollback\. original upgrade error: /i,
];

/** The innermost reason: Helm wraps it in what it did about it, which the history tells better. */
export const helmReason = (text: string): string => {
  const unwrapped = WRAPPERS.reduce((rest, wrapper) => rest.replace(wrapper, ""), text.trim());
  return unwrapped === text.trim() ? unwrapped : helmReason(unwrapped);
};

/** Helm's words when it has removed a first installation that failed, as it was asked to. */
export const tellsOfRemoval = (text: string): boolean =>
  /failed, and has been uninstalled due to (?:atomic|rollback-on-failure) being set/i.test(text);

/** The reason on one line: list markers, blank lines and the count above a list dropped. */
export const oneLine = (text: string): string =>
  text
    .replace(/\b\d+ errors? occurred:\s*(?:\* )?/g, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*[*-]\s+/, "").trim())
    .filter((line) => line !== "")
    .join("; ");
