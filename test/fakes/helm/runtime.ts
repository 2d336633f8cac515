/** What the commands of the fake Helm share: the API server, the records and the steps that a test can break. */
import { Clock, type Duration, Effect } from "effect";
import type { HelmVersion } from "../../../src/domain/helm/version.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import type { Kubectl, KubectlError } from "../../../src/services/kube/Kubectl.ts";
import type { FakeChart, HookEvent } from "./chart.ts";
import { HelmFailure } from "./failure.ts";
import { storageText, unreachableText } from "./personality.ts";
import {
  ascending,
  createRecord,
  deleteRecord,
  type ReleaseRecord,
  readRecords,
  updateRecord,
} from "./records.ts";

/** Where Helm fails without the API server having a part in it. */
export type HelmStep = "render" | `${HookEvent} hook`;

export interface HelmRuntime {
  readonly version: HelmVersion;
  readonly api: Kubectl["Service"];
  readonly chartAt: (directory: string) => FakeChart | undefined;
  /** Fails when a test broke the step. */
  readonly step: (step: HelmStep) => Effect.Effect<void, HelmFailure>;
}

export type Wait = "no" | "poll" | "watch";

export interface Waiting {
  readonly wait: Wait;
  readonly timeout: Duration.Duration;
}

const HISTORY_MAX = 10;

export const failWith = (text: string): Effect.Effect<never, HelmFailure> =>
  Effect.fail(new HelmFailure({ text }));

export const readText = (version: HelmVersion, error: KubectlError): string =>
  error.reason === "Forbidden"
    ? storageText("query: failed to query with labels", error)
    : unreachableText(version, error);

/** Helm asks for the server's version before anything else. */
export const requireReachable = ({ api, version }: HelmRuntime) =>
  Effect.mapError(
    api.serverVersion,
    (error) => new HelmFailure({ text: unreachableText(version, error) }),
  );

export const recordsOf = ({ api, version }: HelmRuntime, release: ReleaseRef) =>
  readRecords(api, release).pipe(
    Effect.map(ascending),
    Effect.mapError((error) => new HelmFailure({ text: readText(version, error) })),
  );

export const postRecord = ({ api }: HelmRuntime, record: ReleaseRecord) =>
  Effect.mapError(
    createRecord(api, record),
    (error) => new HelmFailure({ text: storageText("create: failed to create", error) }),
  );

export const putRecord = ({ api }: HelmRuntime, record: ReleaseRecord) =>
  Effect.mapError(
    updateRecord(api, record),
    (error) => new HelmFailure({ text: storageText("update: failed to update", error) }),
  );

/** Oldest first and never a deployed one, so that the new record makes the history full again. */
export const prune = Effect.fnUntraced(function* (
  { api }: HelmRuntime,
  records: ReadonlyArray<ReleaseRecord>,
) {
  const surplus = records.length - (HISTORY_MAX - 1);
  const old = ascending(records).filter(({ info }) => info.status !== "deployed");
  yield* Effect.forEach(
    old.slice(0, Math.max(0, surplus)),
    (record) =>
      Effect.mapError(
        deleteRecord(api, record),
        ({ detail }) => new HelmFailure({ text: `delete: failed to delete: ${detail}` }),
      ),
    { discard: true },
  );
});

export const isoNow: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, (now) =>
  new Date(now).toISOString(),
);
