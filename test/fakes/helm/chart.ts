import type { CrdManifest } from "../../../src/domain/crds/plan.ts";
import type { ChartImage } from "../../../src/domain/images/image.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";

export type HookEvent =
  | "pre-upgrade"
  | "post-upgrade"
  | "pre-rollback"
  | "post-rollback"
  | "pre-install"
  | "post-install";

/** A Job that Helm runs at a point of its work and waits for. */
export interface ChartHook {
  readonly event: HookEvent;
  readonly job: string;
  readonly outcome: "succeeds" | "fails";
  /** Of its one pod, which does what the tag says; left out, nobody sees a Job. */
  readonly image?: string;
}

/** A chart as far as the fake Helm needs one: a function from values to objects. */
export interface FakeChart {
  readonly name: string;
  readonly version: string;
  readonly defaults: JsonObject;
  readonly crds: ReadonlyArray<CrdManifest>;
  readonly hooks?: ReadonlyArray<ChartHook>;
  /** Its images.yaml. */
  readonly images?: ReadonlyArray<ChartImage>;
  /** What its templates fail with, where they do. */
  readonly fails?: string;
  /** Its NOTES.txt. */
  readonly notes?: string;
  /** With the defaults already under the values. */
  readonly render: (values: JsonObject, release: ReleaseRef) => ReadonlyArray<KubeObject>;
}

export const chartLabel = ({ name, version }: Pick<FakeChart, "name" | "version">): string =>
  `${name}-${version}`;

/** Helm's merge: mappings are merged, anything else replaces, `null` takes a default away. */
export const coalesce = (defaults: JsonObject, values: JsonObject): JsonObject => {
  const merged: Record<string, Json> = { ...defaults };
  for (const [key, value] of Object.entries(values)) {
    const below = merged[key];
    if (value === null) {
      delete merged[key];
    } else if (isJsonObject(value) && isJsonObject(below)) {
      merged[key] = coalesce(below, value);
    } else {
      merged[key] = value;
    }
  }
  return merged;
};
