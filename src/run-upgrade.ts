import * as NodeServices from "@effect/platform-node/NodeServices";
import { Effect, type Layer } from "effect";
import { readIdentity } from "./cli/flags/identity-file.ts";
import { DEFAULT_UPGRADE_OPTIONS, type UpgradeOptions } from "./domain/run/upgrade-options.ts";
import { liveServices } from "./live.ts";
import { upgrade } from "./operations/upgrade.ts";
import { layerReporterStderr } from "./render/text/ReporterText.ts";
import type { Reporter } from "./services/report/Reporter.ts";

/** What differs from a bare `tare upgrade`. */
export interface RunUpgradeOptions extends Partial<UpgradeOptions> {
  /** Path of the kubeconfig; `KUBECONFIG`, else `~/.kube/config`, where it is left out. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig; the current one where it is left out. */
  readonly context?: string;
  /** Where what the run says goes; as text to stderr where it is left out. */
  readonly reporter?: Layer.Layer<Reporter>;
  /** Stops the run as Ctrl-C would: at a safe place, with the release untouched or restored. */
  readonly signal?: AbortSignal;
}

/**
 * `tare upgrade IDENTITY_FILE` in one call, for programs that do not use Effect. It reads the kubeconfig, runs the real
 * Helm and writes to the cluster; it sets no exit code.
 *
 * Rejects with an `UpgradeError` or an `InvalidIdentity`, told apart by `_tag`: each has `what`, `why` and the `exitCode`
 * that the command would have ended with.
 *
 * @example
 * ```ts
 * import { runUpgrade } from "tare";
 *
 * const { revision, toVersion } = await runUpgrade({ context: "production" }, "identity.json");
 * console.log(`revision ${revision} runs ${toVersion}`);
 * ```
 */
export const runUpgrade = (given: RunUpgradeOptions, identityFile: string) => {
  const { kubeconfig, context, reporter, signal, ...options } = given;
  const services = liveServices({ kubeconfig, context }, reporter ?? layerReporterStderr());
  const run = Effect.gen(function* () {
    const identity = yield* readIdentity(identityFile);
    return yield* upgrade({ ...DEFAULT_UPGRADE_OPTIONS, ...options }, identity);
  });
  return Effect.runPromise(
    run.pipe(Effect.provide(services), Effect.provide(NodeServices.layer)),
    signal === undefined ? {} : { signal },
  );
};
