import { Result, Schema } from "effect";
import type { ReleaseRef } from "./release.ts";
import { beganBefore, isStillThere, type KnownRevision } from "./revision-identity.ts";

/** Marks the ConfigMap that remembers which revisions the data plane is known to run well. */
export const GATE_COMPONENT_LABEL = { "tars.io/component": "upgrade-gate" } as const;

export const gateRecordName = ({ name }: ReleaseRef): string => `tare-gate-${name}`;

/**
 * The verdict on one revision. `running` that is never replaced means that no run saw the gate through, which is as bad
 * as `failed`.
 */
export const GateRecord = Schema.Struct({
  state: Schema.Literals(["running", "passed", "failed"]),
  /** The newest revision when the upgrade began: tells a reinstalled release from the old one. */
  base: Schema.optionalKey(Schema.Struct({ revision: Schema.Int, updated: Schema.String })),
  /** UID of that revision's record, which is all that older writers noted. */
  baseUid: Schema.optionalKey(Schema.String),
  recordedAt: Schema.String,
});
export type GateRecord = typeof GateRecord.Type;

export type GateRecords = ReadonlyMap<number, GateRecord>;

const decodeRecord = Schema.decodeUnknownResult(Schema.fromJsonString(GateRecord));

/** Reads a ConfigMap's data; an entry that cannot be read is left out, since it proves nothing either way. */
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
 * The revisions that must not be rolled back to. A record counts only in the installation that it was written in: after a
 * reinstall the same number is another revision, after a restore from a backup it is the same.
 * @param uids of Helm's records, as many as are known
 */
export const unprovenRevisions = (
  records: GateRecords,
  history: ReadonlyArray<KnownRevision>,
  uids: Iterable<string>,
): ReadonlySet<number> => {
  const there = new Set(uids);
  const counts = (number: number, { base, baseUid, state, recordedAt }: GateRecord): boolean => {
    if (baseUid !== undefined && there.has(baseUid)) return true;
    if (base !== undefined) return isStillThere(base, history);
    // An older record: what it is about was begun before it was written, or, where it was to begin, what came before that.
    return beganBefore(state === "running" ? number - 1 : number, recordedAt, history);
  };
  return new Set(
    [...records].flatMap(([revision, record]) =>
      record.state !== "passed" && counts(revision, record) ? [revision] : [],
    ),
  );
};
