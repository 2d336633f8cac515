import { Context, type Effect } from "effect";
import type { StoredChart } from "../../domain/chart/stored-chart.ts";
import type { StoredManifest } from "../../domain/crds/withdrawal.ts";
import type { RecordedRevision } from "../../domain/events/recorded-revision.ts";
import type { GateRecord, GateRecords } from "../../domain/release/gate-record.ts";
import type { FlawedRecord } from "../../domain/release/record-flaw.ts";
import type { History, ReleaseRef } from "../../domain/release/release.ts";
import type { KubectlError } from "../kube/Kubectl.ts";

/** A record of Helm's without what is in it. */
export interface RevisionLabel {
  readonly revision: number;
  readonly uid: string;
  readonly status: string;
}

/** What the cluster remembers about a release beside Helm's own history. */
export class ReleaseRecords extends Context.Service<
  ReleaseRecords,
  {
    /** UIDs of Helm's records by revision, Secrets or ConfigMaps; empty when Helm keeps them elsewhere (`HELM_DRIVER`). */
    readonly secretUids: (
      release: ReleaseRef,
    ) => Effect.Effect<ReadonlyMap<number, string>, KubectlError>;
    /** The same with the status that Helm labels them with, ascending. */
    readonly revisionLabels: (
      release: ReleaseRef,
    ) => Effect.Effect<ReadonlyArray<RevisionLabel>, KubectlError>;
    /**
     * What Helm's records hold, ascending; read one by one, since each can be a megabyte. One that cannot be decoded
     * is left out, as Helm leaves it out.
     */
    readonly revisions: (
      release: ReleaseRef,
    ) => Effect.Effect<ReadonlyArray<RecordedRevision>, KubectlError>;
    /** Those that Helm cannot use as they are, and what has the name of a record to come; `history` as Helm tells it. */
    readonly flawed: (
      release: ReleaseRef,
      history: History,
    ) => Effect.Effect<ReadonlyArray<FlawedRecord>, KubectlError>;
    /** The chart in the record of a revision; `undefined` where the record cannot be read. */
    readonly chart: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<StoredChart | undefined, KubectlError>;
    /** What the deployed revision of every Helm release was rendered to; of one namespace, or of all. */
    readonly storedManifests: (
      namespace?: string,
    ) => Effect.Effect<ReadonlyArray<StoredManifest>, KubectlError>;
    /** Writes Helm's record of a revision, and its label, as Helm does when a newer one takes its place. */
    readonly supersede: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<void, KubectlError>;
    readonly gateRecords: (release: ReleaseRef) => Effect.Effect<GateRecords, KubectlError>;
    /** Records the gate's state for `revision`; `undefined` forgets it. Entries of revisions outside `keep` are dropped. */
    readonly recordGate: (
      release: ReleaseRef,
      revision: number,
      record: Omit<GateRecord, "recordedAt"> | undefined,
      keep: ReadonlySet<number>,
    ) => Effect.Effect<void, KubectlError>;
  }
>()("tare/services/ReleaseRecords") {}
