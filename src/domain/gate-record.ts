import { Result, Schema } from "effect";
import type { ReleaseRef } from "./release.ts";

/** Marks the ConfigMap that remembers which revisions the data plane is known to run well. */
export const GATE_COMPONENT_LABEL = { "tars.io/component": "upgrade-gate" } as const;

export const gateRecordName = ({ name }: ReleaseRef): string => `tare-gate-${name}`;

/**
 * The verdict on one revision. `running` that is never replaced means that nobody saw the gate through, which is as bad
 * as `failed`.
 */
export const GateRecord = Schema.Struct({
  state: Schema.Literals(["running", "passed", "failed"]),
  /** UID of the newest release Secret when the upgrade began: tells a reinstalled release from the old one. */
  baseUid: Schema.String,
  recordedAt: Schema.String,
});
export type GateRecord = typeof GateRecord.Type;

export type GateRecords = ReadonlyMap<number, GateRecord>;

const decodeRecord = Schema.decodeUnknownResult(Schema.fromJsonString(GateRecord));

/** Reads a ConfigMap's data; an entry nobody can read is left out, since it proves nothing either way. */
export const decodeGateRecords = (data: Readonly<Record<string, string>>): GateRecords =>
  new Map(
    Object.entries(data).flatMap(([key, text]) => {
      const revision = Number(key);
      const record = decodeRecord(text);
      return Number.isInteger(revision) && Result.isSuccess(record)
        ? [[revision, record.success] as const]
        : [];
    }),
  );

export const encodeGateRecords = (records: GateRecords): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...records].map(([revision, record]) => [String(revision), JSON.stringify(record)]),
  );

/**
 * The revisions that must not be rolled back to. A record counts only while the release Secret it was based on is still
 * there: after a reinstall the same number is another revision.
 */
export const unprovenRevisions = (
  records: GateRecords,
  releaseSecretUids: ReadonlySet<string>,
): ReadonlySet<number> =>
  new Set(
    [...records].flatMap(([revision, { state, baseUid }]) =>
      state !== "passed" && releaseSecretUids.has(baseUid) ? [revision] : [],
    ),
  );
