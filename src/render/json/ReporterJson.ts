import { Clock, Effect, Layer } from "effect";
import type { ShownHint } from "../../domain/hints/hint.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import { visibleJson } from "../../domain/text/visible.ts";
import { Reporter } from "../../services/report/Reporter.ts";
import { member, outputRecord } from "./bodies/body.ts";
import { renderJson, tallyBody, warningBody } from "./json.ts";
import type { OutputRecord, Summary } from "./json-records.ts";

const INTERRUPTED: ReadonlySet<number> = new Set([129, 130, 143]);
const CHANGES = 3;

type Told = Partial<
  Pick<
    Summary,
    | "release"
    | "fromVersion"
    | "toVersion"
    | "revision"
    | "failedRevision"
    | "restoredRevision"
    | "failureReport"
    | "streams"
    | "error"
  >
> & { readonly hints?: ReadonlyArray<ShownHint> };

const UNEXPECTED = {
  code: "InternalError",
  what: "internal error",
  why: ["something unexpected happened: see stderr"],
};

const outcomeOf = (exitCode: number, unchanged: boolean): Summary["outcome"] => {
  if (exitCode === 0) return unchanged ? "unchanged" : "succeeded";
  if (exitCode === CHANGES) return "changes";
  return INTERRUPTED.has(exitCode) ? "interrupted" : "failed";
};

/** What the summary takes from an event; later ones win. */
const toldBy = (event: ReportEvent): Told => {
  switch (event._tag) {
    case "ReleaseFound": {
      const { release, fromVersion, toVersion } = event;
      return { release, fromVersion, toVersion };
    }
    case "InstallationPrepared": {
      const { release, version: toVersion } = event.summary;
      return { release, toVersion };
    }
    case "NothingToDo": {
      const { release, revision, version: toVersion } = event;
      return { release, revision, toVersion };
    }
    case "UninstallPlanned":
      return {
        release: event.plan.release,
        ...member("fromVersion", event.plan.revision?.version),
      };
    case "Uninstalled":
      return { release: event.release, hints: event.hints };
    case "StreamsCounted":
      return event.outcome._tag === "Counted" ? { streams: tallyBody(event.outcome.tally) } : {};
    case "Completed": {
      const { revision, fromVersion, toVersion, hints } = event;
      return { revision, fromVersion, toVersion, hints };
    }
    case "FailureReportSaved":
      return { failureReport: event.file };
    case "Failed": {
      const { error: code, what, why, hints, revisions } = event;
      return {
        error: { code, what, why },
        hints,
        ...member("failedRevision", revisions?.failed),
        ...member("restoredRevision", revisions?.restored),
        ...member("revision", revisions?.deployed),
      };
    }
    case "ReadyForHelm":
    case "Interrupted":
      return { hints: event.hints };
    default:
      return {};
  }
};

export interface JsonOutput {
  readonly layer: Layer.Layer<Reporter>;
  /** The command line was refused before any command ran. */
  readonly refuse: (refusal: { readonly messages: ReadonlyArray<string> }) => Effect.Effect<void>;
  /** The last line. Nothing at all when nothing ran, as for `--help`. */
  readonly end: (exitCode: number) => void;
}

/** One JSON object a line, by `write`, which is given the line without its end. */
export const makeJsonOutput = (write: (line: string) => void, cliVersion: string): JsonOutput => {
  const startedAt = performance.now();
  let told: Told = {};
  let running = false;
  let unchanged = false;
  const warnings: Array<Summary["warnings"][number]> = [];
  const print = (record: OutputRecord): void => write(visibleJson(record));
  const report = Effect.fnUntraced(function* (event: ReportEvent) {
    running = true;
    told = { ...told, ...toldBy(event) };
    if (event._tag === "Planned" || event._tag === "NothingToDo") unchanged = true;
    if (event._tag === "UninstallPlanned" && event.dryRun) unchanged = true;
    if (event._tag === "Uninstalled" && event.isUnchanged) unchanged = true;
    if (event._tag === "Warning") warnings.push(warningBody(event.warning));
    const body = renderJson(event);
    if (body === undefined) return;
    const time = new Date(yield* Clock.currentTimeMillis).toISOString();
    print(outputRecord(time, body));
  });
  return {
    layer: Layer.succeed(Reporter, Reporter.of({ report })),
    refuse: ({ messages }) =>
      Effect.sync(() => {
        const what = "the command line cannot be used";
        told = { error: { code: "Usage", what, why: messages } };
      }),
    end: (exitCode) => {
      const outcome = outcomeOf(exitCode, unchanged);
      if (outcome === "succeeded" && !running) return;
      const { error, hints = [], ...facts } = told;
      print(
        outputRecord(new Date().toISOString(), {
          type: "summary",
          outcome,
          exitCode,
          cliVersion,
          durationMillis: Math.round(performance.now() - startedAt),
          ...facts,
          ...(outcome === "failed" ? { error: error ?? UNEXPECTED } : member("error", error)),
          warnings,
          hints,
        }),
      );
    },
  };
};
