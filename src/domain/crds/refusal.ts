/** Why a CRD is not written, and what the operator can do about it, as data. */
import {
  helmCommand,
  kubectlCommand,
  type OperatorEnvironment,
} from "../hints/operator-commands.ts";

/** One command; several words lists are piped into each other. */
export interface CommandLine {
  readonly tool: "kubectl" | "helm";
  readonly words: ReadonlyArray<string>;
  readonly into?: ReadonlyArray<string>;
}

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

export const kubectl = (...words: ReadonlyArray<string>): CommandLine => ({
  tool: "kubectl",
  words,
});

/** `kubectl ... | kubectl ...`. */
export const piped = (words: ReadonlyArray<string>, into: ReadonlyArray<string>): CommandLine => ({
  tool: "kubectl",
  words,
  into,
});

export const helm = (...words: ReadonlyArray<string>): CommandLine => ({ tool: "helm", words });

export const showCommand = (
  env: OperatorEnvironment,
  { tool, words, into }: CommandLine,
): string =>
  tool === "helm"
    ? helmCommand(env, ...words)
    : [words, ...(into === undefined ? [] : [into])]
        .map((part) => kubectlCommand(env, ...part))
        .join(" | ");

export const lookAt = (crd: string): CommandLine => kubectl("get", "crd", crd, "-o", "yaml");
