/** Why a CRD is not written, as data; its words and its remedy: `words/crds/objections.ts`. */
import { type CommandLine, kubectl } from "../hints/hint.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { SchemaFlaw } from "./schema.ts";
import type { CrdView } from "./view.ts";

/** As objects of a live CRD are asked for. */
export type CrdNames = Pick<CrdView, "kind" | "plural" | "group">;

export const namesOf = ({ kind, plural, group }: CrdView): CrdNames => ({ kind, plural, group });

export interface FailingObject {
  readonly version: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly flaw: SchemaFlaw;
}

/** A live object whose manager writes it in a withdrawn version, and will again. */
export interface VersionUser {
  readonly version: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly manager: string;
}

/** A release whose stored manifest names a withdrawn version. */
export interface ManifestUser {
  readonly version: string;
  readonly release: ReleaseRef;
}

export interface OwnershipConflict {
  readonly manager: string;
  readonly fields: ReadonlyArray<string>;
}

type CrdObjection =
  | {
      readonly _tag: "StoredVersionRemoved";
      readonly live: CrdNames;
      readonly lost: ReadonlyArray<string>;
      /** The migration that lets go of them; empty where there is none. */
      readonly migration: ReadonlyArray<CommandLine>;
    }
  | {
      readonly _tag: "ScopeOrKindChanged";
      readonly live: CrdNames;
      readonly changes: ReadonlyArray<{
        readonly field: string;
        readonly before: string;
        readonly after: string;
      }>;
    }
  | {
      readonly _tag: "ServedVersionWithdrawn";
      readonly live: CrdNames;
      /** What is served in their place, e.g. `v1`. */
      readonly instead: string;
      readonly objects: ReadonlyArray<VersionUser>;
      readonly manifests: ReadonlyArray<ManifestUser>;
    }
  | {
      readonly _tag: "SchemaNarrowed";
      readonly live: CrdNames;
      readonly failing: ReadonlyArray<FailingObject>;
    }
  | { readonly _tag: "ConversionMismatch"; readonly before: string; readonly after: string }
  | { readonly _tag: "ChannelMismatch"; readonly before: string; readonly after: string }
  | {
      readonly _tag: "NeededVersionMissing";
      readonly missing: ReadonlyArray<string>;
      readonly keptBy: KeptBy;
    }
  | { readonly _tag: "UnknownOwner"; readonly conflicts: ReadonlyArray<OwnershipConflict> }
  | { readonly _tag: "Terminating"; readonly live: CrdNames }
  | {
      readonly _tag: "AdmissionDenied";
      readonly policy: string | undefined;
      readonly webhook: string | undefined;
      readonly detail: string;
    }
  /** In the server's words. */
  | { readonly _tag: "FieldImmutable" | "ServerRefused"; readonly detail: string };

/** What keeps a live CRD as it is. */
export type KeptBy =
  | { readonly _tag: "Platform"; readonly platform: string }
  | { readonly _tag: "NewerBundle"; readonly live: string; readonly ours: string };

export type CrdRefusal = { readonly crd: string } & CrdObjection;

export const lookAt = (crd: string): CommandLine => kubectl("get", "crd", crd, "-o", "yaml");

/** Why a CRD that nothing objected to is not there in the end. */
export type CrdWriteFailure =
  /** In the server's words. */
  | { readonly _tag: "Refused"; readonly detail: string }
  | { readonly _tag: "LockLost"; readonly detail: string }
  /** Discovery does not name it, after so long. */
  | { readonly _tag: "NotServed"; readonly version: string; readonly after: string }
  | {
      readonly _tag: "NotEstablished";
      readonly within: string;
      /** What the server has against its names. */
      readonly names: string | undefined;
    };
