/** How live objects of a release differ from those of the revision that was restored. */
import { EnvoyProxy, fieldAt, type KubeObject } from "../kube/objects.ts";
import { imagesOf } from "./baseline/asked-template.ts";
import { firstDifference, partOf } from "./difference.ts";

const specOf = (wanted: KubeObject, made: KubeObject | undefined): unknown => {
  const spec = fieldAt(wanted, "spec");
  return made === undefined ? spec : partOf(fieldAt(made, "spec"), spec);
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
  if (wanted.kind === EnvoyProxy.kind) {
    const found = firstDifference(fieldAt(live, "spec"), specOf(wanted, made));
    return found === undefined ? undefined : `spec.${found.path} is not what it was`;
  }
  const [images, rewritten] = [imagesOf(live), imagesOf(made ?? wanted)];
  for (const container of imagesOf(wanted).keys()) {
    const image = rewritten.get(container);
    if (images.get(container) !== image) {
      return `container ${container} runs image ${images.get(container) ?? "(none)"}, not ${image}`;
    }
  }
  return undefined;
};
