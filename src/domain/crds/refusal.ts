/** Why a CRD is not written, and what the operator can do about it, as data. */
import { type CommandLine, kubectl } from "../hints/hint.ts";

export interface Remedy {
  readonly title: string;
  readonly commands: ReadonlyArray<CommandLine>;
}

type RefusalKind =
  | "StoredVersionRemoved"
  | "ScopeOrKindChanged"
  | "ServedVersionWithdrawn"
  | "SchemaNarrowed"
  | "ConversionMismatch"
  | "ChannelMismatch"
  | "NeededVersionMissing"
  | "UnknownOwner"
  | "Terminating"
  | "AdmissionDenied"
  | "ServerRefused";

export interface CrdRefusal {
  readonly kind: RefusalKind;
  readonly crd: string;
  /** One line. */
  readonly reason: string;
  readonly remedy: Remedy;
}

export const lookAt = (crd: string): CommandLine => kubectl("get", "crd", crd, "-o", "yaml");
