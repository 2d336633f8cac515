/** Where the cluster holds what somebody wrote to do harm. */
import { Effect } from "effect";
import { TestConsole } from "effect/testing";
import { ConfigMap, Lease, stringAt } from "../../../src/domain/kube/objects.ts";
import type { ReportEvent } from "../../../src/domain/report/report.ts";
import { makeJsonOutput } from "../../../src/render/json/ReporterJson.ts";
import { layerReporterText } from "../../../src/render/text/ReporterText.ts";
import { PLAIN } from "../../../src/render/text/text.ts";
import { report } from "../../../src/services/report/Reporter.ts";
import { listed, type Store } from "../../fakes/cluster/store.ts";
import { hintsOf } from "../../fakes/index.ts";
import { rawIn } from "../../hostile/text.ts";
import type { Outcome, Run } from "../run.ts";
import { FOREIGN_HOLDER, isLockedForEver } from "../world/hostile.ts";
import { helmCommands, type Invariant, ofEachRun } from "./invariant.ts";

/** What an operator is told, the end included. */
const toldBy = ({ reports, error }: Run): ReadonlyArray<ReportEvent> => {
  if (error === undefined) return reports;
  const { _tag, exitCode, what, why } = error;
  return [...reports, { _tag: "Failed", error: _tag, exitCode, what, why, hints: hintsOf(error) }];
};

const all = (told: ReadonlyArray<ReportEvent>) => Effect.forEach(told, report, { discard: true });

const asText = (told: ReadonlyArray<ReportEvent>): ReadonlyArray<string> =>
  Effect.runSync(
    Effect.andThen(
      Effect.provide(all(told), layerReporterText(PLAIN)),
      TestConsole.errorLines,
    ).pipe(Effect.provide(TestConsole.layer)),
  ).map(String);

const asJson = (told: ReadonlyArray<ReportEvent>): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  const output = makeJsonOutput((line) => lines.push(line), "1.2.0");
  Effect.runSync(Effect.provide(all(told), output.layer));
  return lines;
};

/** Summaries of events that this run wrote: they are sent, and shown by others. */
const summariesOf = ({ before, later }: Run): ReadonlyArray<string> => {
  const textsIn = (store: Store) =>
    listed(store, ConfigMap, undefined)
      .filter(({ metadata }) => metadata.labels?.["tars.io/component"] === "install-event")
      .map((one) => stringAt(one, "data", "event.json") ?? "");
  const known = new Set(textsIn(before));
  return textsIn(later)
    .filter((text) => !known.has(text))
    .map((text) => (JSON.parse(text) as { error_summary?: string }).error_summary ?? "");
};

/** A chart's notes, and what a shell is to be given, have lines of their own. */
const linesOf = (text: string): ReadonlyArray<string> => text.split("\n");

const rawlyTold = (run: Run): string | undefined => {
  const told = toldBy(run);
  const shown = [...asText(told).flatMap(linesOf), ...asJson(told), ...summariesOf(run)];
  const line = shown.find((one) => rawIn(one).length > 0);
  return line === undefined ? undefined : `${rawIn(line).join(" ")} in: ${JSON.stringify(line)}`;
};

/** It is watched for a minute, and what comes before it is read. */
const LONGEST_MILLIS = 3 * 60_000;

const withoutTheLock = (run: Run, { story }: Outcome): string | undefined => {
  if (!isLockedForEver(story.world)) return undefined;
  if (helmCommands(run, "upgrade").length > 0) return "Helm was started";
  const [holder] = listed(run.later, Lease, undefined)
    .filter(({ metadata }) => metadata.name === "tare-tars")
    .map((one) => stringAt(one, "spec", "holderIdentity"));
  if (holder !== FOREIGN_HOLDER) return `the lock is held by ${holder}`;
  const took = run.endedAt - run.startedAt - run.befallen.delayedMillis;
  return run.befallen.struck.size > 0 || took <= LONGEST_MILLIS
    ? undefined
    : `it took ${Math.round(took / 1_000)} s`;
};

export const hostileInvariants: ReadonlyArray<Invariant> = [
  {
    name: "nothing-raw-is-told",
    what: "No line of text or JSON, and no summary of an event, holds a control character, a direction mark or anything else that is drawn as nothing, whatever Leases, journals, events, annotations, Helm and the API server say.",
    why: "Whoever can write one of them would write on the operator's terminal.",
    check: ofEachRun(rawlyTold),
  },
  {
    name: "an-endless-lease-is-respected-for-a-minute",
    what: "Where somebody's Lease claims to last for ever, no Helm starts, the Lease stays as it is, and an undisturbed run is over within three minutes.",
    why: "It may be a holder that lives; a run that waits for its end never ends.",
    check: ofEachRun(withoutTheLock),
  },
];
