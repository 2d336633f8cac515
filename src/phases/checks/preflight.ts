import { Effect, Result } from "effect";
import {
  type MetricsState,
  metricsState,
  metricsWarning,
  sidecarWarning,
} from "../../domain/checks/preflight.ts";
import { type HelmVersion, isSupportedHelm } from "../../domain/helm/version.ts";
import { ApiService } from "../../domain/kube/objects.ts";
import type { Warning } from "../../domain/report/warning.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { PreflightFailed, type RecordsElsewhere } from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import { CrdBackups } from "../../services/crds/CrdBackups.ts";
import { Helm, type HelmError } from "../../services/helm/Helm.ts";
import { Kubectl, type KubectlError, type ServerVersion } from "../../services/kube/Kubectl.ts";
import { type Reporter, report, warn } from "../../services/report/Reporter.ts";
import { ToolCache, type ToolMissing } from "../../services/tools/ToolCache.ts";
import { requireRecordsInCluster } from "../release/unrecorded.ts";

/** What the tools and the cluster answered; failures are kept apart, so that all of them can be reported at once. */
export interface PreflightFacts {
  readonly helm: Result.Result<HelmVersion, HelmError>;
  readonly kubectl: Result.Result<unknown, ToolMissing>;
  readonly server: Result.Result<ServerVersion, KubectlError>;
  readonly metrics: MetricsState;
}

export const readPreflight: Effect.Effect<PreflightFacts, never, Helm | Kubectl | ToolCache> =
  Effect.gen(function* () {
    const [helm, kubectl, tools] = yield* Effect.all([Helm, Kubectl, ToolCache]);
    const metrics = kubectl.list({ type: ApiService }).pipe(
      Effect.map(metricsState),
      Effect.catch((error) =>
        Effect.succeed<MetricsState>({ _tag: "Unknown", reason: error.detail }),
      ),
    );
    return yield* Effect.all(
      {
        helm: Effect.result(helm.version),
        kubectl: Effect.result(tools.locate("kubectl")),
        server: Effect.result(kubectl.serverVersion),
        metrics,
      },
      { concurrency: "unbounded" },
    );
  }).pipe(Effect.withSpan("tare.read.preflight"));

type Problem = PreflightFailed["problems"][number];

/** Everything that stops the run. kubectl is only needed by the commands we print, so its absence does not. */
export const preflightProblems = (facts: PreflightFacts): ReadonlyArray<Problem> => [
  ...Result.match(facts.helm, {
    onFailure: (error): ReadonlyArray<Problem> => [
      {
        problem: `Helm: ${error.text}`,
        ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
      },
    ],
    onSuccess: (version) =>
      isSupportedHelm(version)
        ? []
        : [{ problem: `Helm: ${version.text} is not supported; Helm 3 or 4 is needed` }],
  }),
  ...Result.match(facts.server, {
    onFailure: (error): ReadonlyArray<Problem> => [{ problem: `cluster: ${error.message}` }],
    onSuccess: () => [],
  }),
];

const preflightWarnings = (facts: PreflightFacts, ha: boolean): ReadonlyArray<Warning> =>
  [
    Result.isFailure(facts.kubectl)
      ? ({ code: "kubectl-missing", cause: facts.kubectl.failure.message } as const)
      : undefined,
    Result.isSuccess(facts.server) ? sidecarWarning(facts.server.success) : undefined,
    ha && Result.isSuccess(facts.server) ? metricsWarning(facts.metrics) : undefined,
  ].filter((warning) => warning !== undefined);

export interface PreflightInput {
  readonly options: Pick<UpgradeOptions, "ha" | "skipPreflight">;
  readonly facts: Effect.Effect<PreflightFacts>;
  /** The run writes, and so keeps copies of what it changes; a plan does not. */
  readonly writes?: boolean;
}

/** Asked for even when the preflight is skipped: it takes no time, and what it finds would stop the run half-way. */
const homeProblems = Effect.gen(function* () {
  const backups = yield* CrdBackups;
  const ready = yield* Effect.result(backups.ready);
  return Result.match(ready, {
    onFailure: ({ detail }): ReadonlyArray<Problem> => [{ problem: detail }],
    onSuccess: () => [],
  });
});

export const preflight: Phase<
  PreflightInput,
  void,
  PreflightFailed | RecordsElsewhere,
  CrdBackups | Reporter
> = {
  id: "preflight",
  title: "Preflight (Helm / kubectl / cluster)",
  run: Effect.fnUntraced(function* ({ options, facts, writes = true }) {
    const home = writes ? yield* homeProblems : [];
    if (options.skipPreflight) {
      if (home.length > 0) return yield* new PreflightFailed({ problems: home });
      return yield* report({ _tag: "PreflightSkipped" });
    }
    // Helm itself says nothing but that it finds no database.
    yield* requireRecordsInCluster;
    const known = yield* facts;
    yield* Effect.forEach(preflightWarnings(known, options.ha), warn, { discard: true });
    const problems = [...preflightProblems(known), ...home];
    if (problems.length > 0) return yield* new PreflightFailed({ problems });
  }),
};
