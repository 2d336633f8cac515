import { readFileSync } from "node:fs";
import { Config, Effect, Option, Redacted } from "effect";
import type { Command } from "effect/cli";
import type { GivenFlag } from "../../domain/hints/operator-commands.ts";
import type { SyncRequest } from "../../domain/images/request.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { InvalidFlag } from "../../errors.ts";
import { givenFlags } from "./declared-flag.ts";
import { INSTALL_FLAGS, type installFlags } from "./install-flags.ts";
import type { identityFile } from "./shared-flags.ts";
import { type UpgradeInput, upgradeOptions } from "./upgrade-input.ts";

/** What the command line parses to. */
export type InstallInput = Command.Command.Config.Infer<
  typeof installFlags & { readonly identityFile: typeof identityFile }
>;

/** Flags of an upgrade that say nothing to an installation. */
const NOT_OURS = {
  allowDowntime: false,
  allowDowngrade: false,
  onConflict: "take",
  keep: [],
  strictValues: false,
} as const satisfies Partial<UpgradeInput>;

const SECRET_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

const refused = (flag: string, expected: string) => new InvalidFlag({ flag, expected });

const readSecret = (flag: string, from: string | 0) =>
  Effect.try({
    try: () => Redacted.make(readFileSync(from, "utf8"), { label: "image pull secret" }),
    catch: () => refused(flag, from === 0 ? "stdin cannot be read" : `${from} cannot be read`),
  });

const STDIN = "image-pull-secret-stdin";

const fromStdin = Effect.suspend(() =>
  process.stdin.isTTY === true
    ? refused(STDIN, "expected a dockerconfigjson on stdin, and stdin is a terminal")
    : readSecret(STDIN, 0),
);

const fromEnvironment = Config.Redacted("TARE_IMAGE_PULL_SECRET").pipe(
  Config.option,
  Effect.orElseSucceed(() => Option.none<Redacted.Redacted<string>>()),
  Effect.map(Option.getOrUndefined),
);

/** The content of the Secret, or its name. */
const pullSecretOf = Effect.fnUntraced(function* (input: InstallInput) {
  const named = Option.getOrUndefined(input.imagePullSecret);
  if (input.imagePullSecretStdin) {
    if (named !== undefined) {
      return yield* refused(STDIN, "it does not go with --image-pull-secret");
    }
    return { pullSecret: yield* fromStdin, pullSecretName: undefined };
  }
  if (named === undefined) {
    return { pullSecret: yield* fromEnvironment, pullSecretName: undefined };
  }
  if (named.startsWith("@")) {
    const pullSecret = yield* readSecret("image-pull-secret", named.slice(1));
    return { pullSecret, pullSecretName: undefined };
  }
  // What does not look like a name may be the secret itself, and is not repeated.
  return SECRET_NAME.test(named)
    ? { pullSecret: undefined, pullSecretName: named }
    : yield* refused("image-pull-secret", "expected the name of a Secret, or @FILE");
});

/** For the same images under `tare images`. */
const wordsOfImages = (input: InstallInput): ReadonlyArray<string> => {
  const { values, chartPath, chartVersion, imageTag } = INSTALL_FLAGS;
  const flags = givenFlags({ values, chartPath, chartVersion, imageTag }, input);
  return flags.flatMap(({ words }) => words);
};

const imageSyncOf = Effect.fnUntraced(function* (input: InstallInput, options: UpgradeOptions) {
  const registry = Option.getOrUndefined(input.imageSync);
  if (registry === undefined) {
    return input.syncOnly
      ? yield* refused("sync-only", "it goes with --image-sync REGISTRY")
      : undefined;
  }
  const { chart, values, imageTag } = options;
  const request: SyncRequest = {
    ...{ chart, imageTag, registry, overwrite: false },
    values: Redacted.value(values),
    words: wordsOfImages(input),
  };
  return request;
});

export const installOptions = Effect.fnUntraced(function* (input: InstallInput) {
  // Images are brought to a registry to be run from there.
  const imageRegistry = Option.orElse(input.imageRegistry, () => input.imageSync);
  const common = yield* upgradeOptions({ ...input, ...NOT_OURS, imageRegistry });
  const options: InstallOptions = {
    ...common,
    yes: input.yes,
    wait: input.wait,
    ...(yield* pullSecretOf(input)),
    imageSync: yield* imageSyncOf(input, common),
  };
  return options;
});

/** What a run of the command is for: all but one leave the release to others, or as it is. */
type InstallMode = "install" | "plan" | "values" | "crds" | "sync";

/** They exclude each other, and stdout is one thing at a time. */
export const installMode = Effect.fnUntraced(function* (input: InstallInput) {
  const file = Option.getOrUndefined(input.valuesOut);
  const given: ReadonlyArray<readonly [InstallMode, string, boolean]> = [
    ["plan", "plan", input.plan],
    ["crds", "crds-only", input.crdsOnly],
    ["values", "print-values", input.printValues],
    ["values", "values-out", file !== undefined],
    ["sync", "sync-only", input.syncOnly],
  ];
  const asked = given.flatMap(([mode, flag, isGiven]) => (isGiven ? [{ mode, flag }] : []));
  const [first] = asked;
  const other = asked.find(({ mode }) => mode !== first?.mode);
  if (first !== undefined && other !== undefined) {
    return yield* refused(first.flag, `it does not go with --${other.flag}`);
  }
  if (first !== undefined && first.mode !== "sync" && Option.isSome(input.imageSync)) {
    return yield* refused(first.flag, "it does not go with --image-sync");
  }
  if (input.printValues && input.output === "json") {
    return yield* refused("print-values", "stdout is taken by --output json; use --values-out");
  }
  if (file === "" || file === "-") {
    return yield* refused("values-out", "expected the name of a new file; see --print-values");
  }
  return first?.mode ?? "install";
});

/** The flags that make this run differ from a bare one, for the commands that are printed. */
export const givenInstallFlags = (input: InstallInput): ReadonlyArray<GivenFlag> => {
  const { kubeconfig, context, ...others } = INSTALL_FLAGS;
  return givenFlags(others, input);
};
