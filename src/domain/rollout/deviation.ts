/** How live objects of a release differ from those of the revision that was restored. */
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

/**
 * What is not as the restored revision has it, in words; nothing when it is.
 * @param made of `wanted` by the server, which may rewrite it, where the server was asked
 */
export const deviation = (
  wanted: KubeObject,
  live: KubeObject | undefined,
  made?: KubeObject,
): string | undefined => {
  if (live === undefined) return "it is missing";
  const [images, rewritten] = [imagesOf(live), imagesOf(made ?? wanted)];
  for (const container of imagesOf(wanted).keys()) {
    const image = rewritten.get(container);
    if (images.get(container) !== image) {
      return `container ${container} runs image ${images.get(container) ?? "(none)"}, not ${image}`;
    }
  }
  const field = changedField(wanted, live, made);
  return field === undefined ? undefined : `${field} is not what it was`;
};
