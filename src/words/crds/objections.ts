/** Why a CRD is not written, on one line. */
import type { CrdRefusal, CrdWriteFailure, KeptBy } from "../../domain/crds/refusal.ts";
import { placed } from "./place.ts";
import { describeSchemaFlaw } from "./schema-flaws.ts";

export const LISTED = 5;

const listed = (items: ReadonlyArray<string>): string =>
  [
    ...items.slice(0, LISTED),
    ...(items.length > LISTED ? [`${items.length - LISTED} more`] : []),
  ].join(", ");

type Objection<Tag extends CrdRefusal["_tag"]> = Extract<CrdRefusal, { readonly _tag: Tag }>;

const narrowed = ({ failing }: Objection<"SchemaNarrowed">): string => {
  const shown = failing
    .slice(0, LISTED)
    .map((object) => `${placed(object)} (${describeSchemaFlaw(object.flaw)})`);
  const more = failing.length > LISTED ? `, and ${failing.length - LISTED} more` : "";
  const noun = failing.length === 1 ? "object fails" : "objects fail";
  return `the new schema is stricter and ${failing.length} live ${noun} it: ${shown.join(", ")}${more} (only OpenAPI constraints were tried, no CEL rules)`;
};

const withdrawn = ({ objects, manifests }: Objection<"ServedVersionWithdrawn">): string => {
  const versions = [...new Set([...objects, ...manifests].map(({ version }) => version))];
  const writers = objects.map((object) => `${placed(object)} by ${object.manager}`);
  const holders = manifests.map(({ release }) => `${release.name} in ${release.namespace}`);
  const users = [
    ...(writers.length === 0 ? [] : [`objects are written in it: ${listed(writers)}`]),
    ...(holders.length === 0 ? [] : [`Helm releases hold it: ${listed(holders)}`]),
  ];
  return `version ${versions.join(", ")} would no longer be served, and ${users.join("; ")}`;
};

const denied = ({ policy, webhook, detail }: Objection<"AdmissionDenied">): string => {
  const by =
    policy === undefined
      ? `admission${webhook === undefined ? "" : ` webhook ${webhook}`}`
      : `admission policy ${policy}`;
  return `denied by ${by}: ${detail}`;
};

const describeKeeper = (keptBy: KeptBy): string =>
  keptBy._tag === "Platform"
    ? `${keptBy.platform} manages it`
    : `the cluster's bundle ${keptBy.live} is newer than ${keptBy.ours}`;

/** What a move to the other channel costs. */
const channelLoss = (before: string): string =>
  before === "experimental"
    ? "fields of the experimental channel would be dropped from live objects"
    : "the standard channel's guarantees would end";

export const describeObjection = (refusal: CrdRefusal): string => {
  switch (refusal._tag) {
    case "StoredVersionRemoved":
      return `status.storedVersions lists ${refusal.lost.join(", ")}, which the new CRD does not have: objects may still be stored in it`;
    case "ScopeOrKindChanged":
      return refusal.changes
        .map(
          ({ field, before, after }) =>
            `${field} would change from ${before} to ${after}, but it is immutable`,
        )
        .join("; ");
    case "ServedVersionWithdrawn":
      return withdrawn(refusal);
    case "SchemaNarrowed":
      return narrowed(refusal);
    case "ConversionMismatch":
      return `its conversion strategy is ${refusal.before} and the new CRD's is ${refusal.after}: objects would be read in another way than they were written`;
    case "ChannelMismatch":
      return `it is of the ${refusal.before} channel and the new one of the ${refusal.after} channel: ${channelLoss(refusal.before)}`;
    case "NeededVersionMissing":
      return `${describeKeeper(refusal.keptBy)}, and it does not serve ${refusal.missing.join(", ")}, which the controllers of this chart need`;
    case "UnknownOwner":
      return `it would be taken away from ${refusal.conflicts
        .map(({ manager, fields }) => `field manager "${manager}", which owns ${fields.join(", ")}`)
        .join("; ")}`;
    case "Terminating":
      return `it is being deleted, and every ${refusal.live.kind} with it`;
    case "AdmissionDenied":
      return denied(refusal);
    case "FieldImmutable":
    case "ServerRefused":
      return refusal.detail;
  }
};

export const describeWriteFailure = (failure: CrdWriteFailure): string => {
  switch (failure._tag) {
    case "Refused":
      return failure.detail;
    case "LockLost":
      return `the lock was lost: ${failure.detail}`;
    case "NotServed":
      return `was written but discovery does not name ${failure.version} after ${failure.after}`;
    case "NotEstablished": {
      const why = failure.names === undefined ? "" : `: ${failure.names}`;
      return `was written but not Established within ${failure.within}${why}`;
    }
  }
};
