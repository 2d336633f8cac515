/** What becomes of one CRD once its whole live copy has been read: left alone, refused, or updated. */

import { type CommandLine, kubectl } from "../hints/hint.ts";
import type { KubeObject } from "../kube/objects.ts";
import { lostStoredVersions, migrationSteps } from "./migration.ts";
import { ownershipRefusal, platformOf, unknownOwners } from "./ownership.ts";
import { isSameAsLive, isTerminating, newerBundle, type PlannedCrd, planCrd } from "./plan.ts";
import { type CrdRefusal, lookAt, type Remedy } from "./refusal.ts";
import { type CrdView, crdView, neededVersions, resourceWord, servedVersions } from "./view.ts";

const CHANNEL_ANNOTATION = "gateway.networking.k8s.io/channel";

const channelOf = (crd: KubeObject): string | undefined =>
  crd.metadata.annotations?.[CHANNEL_ANNOTATION];

const remedy = (title: string, ...commands: ReadonlyArray<CommandLine>): Remedy => ({
  title,
  commands,
});

type Rule = (live: CrdView, next: CrdView) => Omit<CrdRefusal, "crd"> | undefined;

const storageRemedy = (live: CrdView, next: CrdView): Remedy => {
  const steps = migrationSteps(live, next);
  return steps.length > 0
    ? remedy(
        `Store the ${live.kind} objects in another version first (kubectl replace complains when there are none: go on):`,
        ...steps,
      )
    : remedy(
        `The new CRD serves no version that the live one serves: save the ${live.kind} objects and upgrade by way of a release that has both:`,
        kubectl("get", resourceWord(live), "-A", "-o", "yaml"),
      );
};

/** Also what the API server's own refusal is turned into, should it know of a version that we do not. */
export const storedVersionRefusal = (
  live: CrdView,
  next: CrdView,
  lost: ReadonlyArray<string>,
): CrdRefusal => ({
  kind: "StoredVersionRemoved",
  crd: live.name,
  reason: `status.storedVersions lists ${lost.join(", ")}, which the new CRD does not have: objects may still be stored in it`,
  remedy: storageRemedy(live, next),
});

const storedVersionRemoved: Rule = (live, next) => {
  const lost = lostStoredVersions(live.storedVersions, next);
  return lost.length === 0 ? undefined : storedVersionRefusal(live, next, lost);
};

const scopeOrKindChanged: Rule = (live, next) => {
  const changed = [
    ["spec.scope", live.scope, next.scope],
    ["spec.names.kind", live.kind, next.kind],
    ["spec.names.plural", live.plural, next.plural],
  ].filter(([, before, after]) => before !== after);
  const [first] = changed;
  return first === undefined
    ? undefined
    : {
        kind: "ScopeOrKindChanged",
        reason: changed
          .map(
            ([field, before, after]) =>
              `${field} would change from ${before} to ${after}, but it is immutable`,
          )
          .join("; "),
        remedy: remedy(
          `Save its objects, then delete the CRD, which deletes every ${live.kind} too; the upgrade creates it again:`,
          kubectl("get", live.name, "-A", "-o", "yaml"),
          kubectl("delete", "crd", live.name),
        ),
      };
};

const conversionMismatch: Rule = (live, next) =>
  live.conversion === next.conversion
    ? undefined
    : {
        kind: "ConversionMismatch",
        reason: `its conversion strategy is ${live.conversion} and the new CRD's is ${next.conversion}: objects would be read in another way than they were written`,
        remedy:
          next.conversion === "None"
            ? remedy(
                "If its webhook is gone permanently and one version is stored, end the conversion:",
                lookAt(live.name),
                kubectl(
                  "patch",
                  "crd",
                  live.name,
                  "--type=json",
                  "-p",
                  JSON.stringify([
                    { op: "replace", path: "/spec/conversion", value: { strategy: "None" } },
                  ]),
                ),
              )
            : remedy("Look at what is on the cluster:", lookAt(live.name)),
      };

const RULES: ReadonlyArray<Rule> = [scopeOrKindChanged, storedVersionRemoved, conversionMismatch];

const channelRefusal = (live: KubeObject, next: KubeObject): CrdRefusal | undefined => {
  const [theirs, ours] = [channelOf(live), channelOf(next)];
  if (theirs === undefined || ours === undefined || theirs === ours) return undefined;
  const lost =
    theirs === "experimental"
      ? "fields of the experimental channel would be dropped from live objects"
      : "the standard channel's guarantees would end";
  const crd = live.metadata.name;
  return {
    kind: "ChannelMismatch",
    crd,
    reason: `it is of the ${theirs} channel and the new one of the ${ours} channel: ${lost}`,
    remedy: remedy(
      `If nothing uses what only the ${theirs} channel has, say that it is of the ${ours} channel now:`,
      lookAt(crd),
      kubectl("annotate", "crd", crd, "--overwrite", `${CHANNEL_ANNOTATION}=${ours}`),
    ),
  };
};

const missingVersions = (live: CrdView, next: CrdView): ReadonlyArray<string> =>
  neededVersions(next).filter((version) => !servedVersions(live).includes(version));

const neededVersionRefusal = (
  { name }: CrdView,
  missing: ReadonlyArray<string>,
  whose: string,
  way: Remedy,
): CrdRefusal => ({
  kind: "NeededVersionMissing",
  crd: name,
  reason: `${whose}, and it does not serve ${missing.join(", ")}, which the controllers of this chart need`,
  remedy: way,
});

const terminatingRefusal = (live: CrdView): CrdRefusal => ({
  kind: "Terminating",
  crd: live.name,
  reason: `it is being deleted, and every ${live.kind} with it`,
  remedy: remedy(
    "That cannot be undone: save its objects, see what holds them (metadata.finalizers), and upgrade once it is gone, which creates it again:",
    kubectl("get", resourceWord(live), "-A", "-o", "yaml"),
    lookAt(live.name),
  ),
});

type Judged =
  | { readonly _tag: "Planned"; readonly planned: PlannedCrd }
  | { readonly _tag: "Refused"; readonly refusals: ReadonlyArray<CrdRefusal> };

const planned = (plan: PlannedCrd): Judged => ({ _tag: "Planned", planned: plan });
const refused = (...refusals: ReadonlyArray<CrdRefusal>): Judged => ({ _tag: "Refused", refusals });

/** For a CRD that is there and is not known to be identical. */
export const judgeCrd = (manifest: PlannedCrd["manifest"], live: KubeObject): Judged => {
  const plan = planCrd(manifest, live);
  const [before, after] = [crdView(live), crdView(manifest.object)];
  if (isTerminating(live)) return refused(terminatingRefusal(before));
  const missing = missingVersions(before, after);
  const platform = platformOf(live.metadata);
  if (platform !== undefined) {
    return missing.length === 0
      ? planned({ ...plan, verdict: { _tag: "Skip", reason: "platform", platform } })
      : refused(
          neededVersionRefusal(
            before,
            missing,
            `${platform} manages it`,
            remedy(
              `Have ${platform} upgrade it, or end its management of it:`,
              lookAt(before.name),
            ),
          ),
        );
  }
  const newer = newerBundle(manifest, live);
  if (newer !== undefined) {
    return missing.length === 0
      ? planned(plan)
      : refused(
          neededVersionRefusal(
            before,
            missing,
            `the cluster's bundle ${newer.live} is newer than ${newer.ours}`,
            remedy(
              "Use a tare that embeds a chart for that bundle, or look whether that version can be served again:",
              lookAt(before.name),
            ),
          ),
        );
  }
  const broken = RULES.flatMap((rule) => {
    const found = rule(before, after);
    return found === undefined ? [] : [{ ...found, crd: before.name }];
  });
  if (broken.length === 0 && isSameAsLive(manifest, live)) {
    return planned({ ...plan, verdict: { _tag: "Skip", reason: "identical" } });
  }
  const conflicts = unknownOwners(manifest, live);
  const refusals = [
    ...broken,
    ...[channelRefusal(live, manifest.object)].filter((found) => found !== undefined),
    ...(conflicts.length === 0 ? [] : [ownershipRefusal(before.name, conflicts)]),
  ];
  return refusals.length === 0 ? planned(plan) : refused(...refusals);
};
