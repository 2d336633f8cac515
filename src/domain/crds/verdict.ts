/** What becomes of one CRD once its whole live copy has been read: left alone, refused, or updated. */

import type { KubeObject } from "../kube/objects.ts";
import { lostStoredVersions, migrationSteps } from "./migration.ts";
import { platformOf, unknownOwners } from "./ownership.ts";
import { isSameAsLive, isTerminating, newerBundle, type PlannedCrd, planCrd } from "./plan.ts";
import { type CrdRefusal, type KeptBy, namesOf } from "./refusal.ts";
import { type CrdView, crdView, neededVersions, servedVersions } from "./view.ts";

export const CHANNEL_ANNOTATION = "gateway.networking.k8s.io/channel";

const channelOf = (crd: KubeObject): string | undefined =>
  crd.metadata.annotations?.[CHANNEL_ANNOTATION];

type Rule = (live: CrdView, next: CrdView) => CrdRefusal | undefined;

/** Also what the API server's own refusal is turned into, should it know of a version that we do not. */
export const storedVersionRefusal = (
  live: CrdView,
  next: CrdView,
  lost: ReadonlyArray<string>,
): CrdRefusal => ({
  _tag: "StoredVersionRemoved",
  crd: live.name,
  live: namesOf(live),
  lost,
  migration: migrationSteps(live, next),
});

const storedVersionRemoved: Rule = (live, next) => {
  const lost = lostStoredVersions(live.storedVersions, next);
  return lost.length === 0 ? undefined : storedVersionRefusal(live, next, lost);
};

const scopeOrKindChanged: Rule = (live, next) => {
  const fields = [
    { field: "spec.scope", before: live.scope, after: next.scope },
    { field: "spec.names.kind", before: live.kind, after: next.kind },
    { field: "spec.names.plural", before: live.plural, after: next.plural },
  ];
  const changes = fields.filter(({ before, after }) => before !== after);
  return changes.length === 0
    ? undefined
    : { _tag: "ScopeOrKindChanged", crd: live.name, live: namesOf(live), changes };
};

const conversionMismatch: Rule = (live, next) =>
  live.conversion === next.conversion
    ? undefined
    : {
        _tag: "ConversionMismatch",
        crd: live.name,
        before: live.conversion,
        after: next.conversion,
      };

const RULES: ReadonlyArray<Rule> = [scopeOrKindChanged, storedVersionRemoved, conversionMismatch];

const channelRefusal = (live: KubeObject, next: KubeObject): CrdRefusal | undefined => {
  const [before, after] = [channelOf(live), channelOf(next)];
  return before === undefined || after === undefined || before === after
    ? undefined
    : { _tag: "ChannelMismatch", crd: live.metadata.name, before, after };
};

const missingVersions = (live: CrdView, next: CrdView): ReadonlyArray<string> =>
  neededVersions(next).filter((version) => !servedVersions(live).includes(version));

/** What is kept as it is must do for the controllers of this chart. */
const keeping = (plan: PlannedCrd, before: CrdView, after: CrdView, keptBy: KeptBy): Judged => {
  const missing = missingVersions(before, after);
  return missing.length === 0
    ? planned(plan)
    : refused({ _tag: "NeededVersionMissing", crd: before.name, missing, keptBy });
};

type Judged =
  | { readonly _tag: "Planned"; readonly planned: PlannedCrd }
  | { readonly _tag: "Refused"; readonly refusals: ReadonlyArray<CrdRefusal> };

const planned = (plan: PlannedCrd): Judged => ({ _tag: "Planned", planned: plan });
const refused = (...refusals: ReadonlyArray<CrdRefusal>): Judged => ({ _tag: "Refused", refusals });

/** For a CRD that is there and is not known to be identical. */
export const judgeCrd = (manifest: PlannedCrd["manifest"], live: KubeObject): Judged => {
  const plan = planCrd(manifest, live);
  const [before, after] = [crdView(live), crdView(manifest.object)];
  if (isTerminating(live)) {
    return refused({ _tag: "Terminating", crd: before.name, live: namesOf(before) });
  }
  const platform = platformOf(live.metadata);
  if (platform !== undefined) {
    const skipped: PlannedCrd = {
      ...plan,
      verdict: { _tag: "Skip", reason: "platform", platform },
    };
    return keeping(skipped, before, after, { _tag: "Platform", platform });
  }
  const newer = newerBundle(manifest, live);
  if (newer !== undefined) return keeping(plan, before, after, { _tag: "NewerBundle", ...newer });
  const broken = RULES.flatMap((rule) => rule(before, after) ?? []);
  if (broken.length === 0 && isSameAsLive(manifest, live)) {
    return planned({ ...plan, verdict: { _tag: "Skip", reason: "identical" } });
  }
  const conflicts = unknownOwners(manifest, live);
  const refusals: ReadonlyArray<CrdRefusal> = [
    ...broken,
    ...[channelRefusal(live, manifest.object)].filter((found) => found !== undefined),
    ...(conflicts.length === 0
      ? []
      : [{ _tag: "UnknownOwner", crd: before.name, conflicts } as const]),
  ];
  return refusals.length === 0 ? planned(plan) : refused(...refusals);
};
