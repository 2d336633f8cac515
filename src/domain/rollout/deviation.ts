/** How live objects of a release differ from those of the revision that was restored. */
import { Schema } from "effect";
import {
  ConfigMap,
  DaemonSet,
  Deployment,
  fieldAt,
  type KubeObject,
  StatefulSet,
} from "../kube/objects.ts";
import { imagesOf } from "./baseline/asked-template.ts";
import { firstDifference, partOf } from "./difference.ts";

type Parts = ReadonlyArray<ReadonlyArray<string>>;

const SPEC: Parts = [["spec"]];
const TEMPLATE: Parts = [["spec", "template"]];

/** What decides how a release runs. How many pods a workload has is also its autoscaler's to say. */
const PARTS: Readonly<Record<string, Parts>> = {
  [ConfigMap.kind]: [["data"], ["binaryData"]],
  [DaemonSet.kind]: TEMPLATE,
  [Deployment.kind]: TEMPLATE,
  [StatefulSet.kind]: TEMPLATE,
};

const changedField = (
  wanted: KubeObject,
  live: KubeObject,
  made: KubeObject | undefined,
): string | undefined => {
  for (const part of PARTS[wanted.kind] ?? SPEC) {
    const asked = fieldAt(wanted, ...part);
    if (asked === undefined) continue;
    const goal = made === undefined ? asked : partOf(fieldAt(made, ...part), asked);
    const found = firstDifference(fieldAt(live, ...part), goal);
    if (found !== undefined) return [...part, found.path].join(".");
  }
  return undefined;
};

export const Deviation = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Missing") }),
  Schema.Struct({
    _tag: Schema.Literal("OtherImage"),
    container: Schema.String,
    found: Schema.UndefinedOr(Schema.String),
    wanted: Schema.UndefinedOr(Schema.String),
  }),
  Schema.Struct({ _tag: Schema.Literal("OtherField"), field: Schema.String }),
]);
export type Deviation = typeof Deviation.Type;

/**
 * What is not as the restored revision has it; nothing when it is.
 * @param made of `wanted` by the server, which may rewrite it, where the server was asked
 */
export const deviation = (
  wanted: KubeObject,
  live: KubeObject | undefined,
  made?: KubeObject,
): Deviation | undefined => {
  if (live === undefined) return { _tag: "Missing" };
  const [images, rewritten] = [imagesOf(live), imagesOf(made ?? wanted)];
  for (const container of imagesOf(wanted).keys()) {
    const [found, image] = [images.get(container), rewritten.get(container)];
    if (found !== image) return { _tag: "OtherImage", container, found, wanted: image };
  }
  const field = changedField(wanted, live, made);
  return field === undefined ? undefined : { _tag: "OtherField", field };
};
