/** The installed release, as the run found it and means to leave it. */
import type { Redacted } from "effect";
import type { JsonObject } from "../../domain/kube/json.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { History, ReleaseRef, Revision } from "../../domain/release/release.ts";
import type { CarryOver } from "../../domain/values/carry-over.ts";
import type { LostValue } from "../../domain/values/lost-values.ts";
import type { Chart } from "../../services/chart/ChartSource.ts";

export interface InstalledRelease {
  readonly release: ReleaseRef;
  readonly history: History;
  /** How many records Helm keeps of it. */
  readonly records: number;
  readonly secretUids: ReadonlyMap<number, string>;
  /** `undefined` where nothing is installed. */
  readonly deployed: Revision | undefined;
  /** Where a rollback would go; `undefined` when every earlier revision is known to be bad. */
  readonly lastGood: Revision | undefined;
  readonly carry: CarryOver;
  readonly lost: ReadonlyArray<LostValue>;
  /** What the operator once supplied, as the deployed revision has it. */
  readonly stored: Redacted.Redacted<JsonObject>;
  /** The identity that the data plane had when the run began. */
  readonly identity: Redacted.Redacted<KubeObject> | undefined;
  /** Everything that must not be quoted: what is carried, and what the stored values held besides. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>;
  /** What Helm is given: generated values with the carried ones laid over. */
  readonly values: Redacted.Redacted<JsonObject>;
  /** What had replicas when the run began. */
  readonly scaled: ReadonlyArray<KubeObject>;
  /** That of the chart, where nothing is installed. */
  readonly fromVersion: string;
  readonly chart: Chart;
}
