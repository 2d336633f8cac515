import { Effect, Result } from "effect";
import {
  type MetricsState,
  metricsState,
  metricsWarning,
  sidecarWarning,
} from "../../domain/checks/preflight.ts";
import type { PreflightProblem } from "../../domain/checks/problem.ts";
import { type HelmVersion, isSupportedHelm } from "../../domain/helm/version.ts";
import { ApiService } from "../../domain/kube/objects.ts";
import type { Warning } from "../../domain/report/warning.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import type { PreflightFailed, RecordsElsewhere } from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import { CrdBackups } from "../../services/crds/CrdBackups.ts";
import { Helm, type HelmError } from "../../services/helm/Helm.ts";
import { Kubectl, type KubectlError, type ServerVersion } from "../../services/kube/Kubectl.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { ToolCache, type ToolMissing } from "../../services/tools/ToolCache.ts";
import { requireRecordsInCluster } from "../release/unrecorded.ts";
import { type Check, type Finding, NOTHING_FOUND, problemOf, runChecks } from "./check.ts";

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

const helmProblem = ({ helm }: PreflightFacts): PreflightProblem | undefined => {
  if (Result.isFailure(helm)) {
    const { text, remedy } = helm.failure;
    return { _tag: "HelmUnusable", text, remedy };
  }
  return isSupportedHelm(helm.success)
    ? undefined
    : { _tag: "HelmUnsupported", version: helm.success.text };
};

const clusterProblem = ({ server }: PreflightFacts): PreflightProblem | undefined =>
  Result.isFailure(server)
    ? { _tag: "ClusterUnreachable", detail: server.failure.message }
    : undefined;

const warningOf = (warning: Warning | undefined): Finding =>
  warning === undefined ? {} : { warnings: [warning] };

/** kubectl is only needed by the commands that are printed, so that its absence does not stop the run. */
const kubectlWarning = ({ kubectl }: PreflightFacts): Warning | undefined =>
  Result.isFailure(kubectl)
    ? { code: "kubectl-missing", cause: kubectl.failure.message }
    : undefined;

interface PreflightCheckInput {
  readonly facts: PreflightFacts;
  readonly ha: boolean;
}

const ofCluster =
  (decide: (server: ServerVersion, input: PreflightCheckInput) => Warning | undefined) =>
  (input: PreflightCheckInput): Effect.Effect<Finding> => {
    const { server } = input.facts;
    return Result.isSuccess(server)
      ? Effect.succeed(warningOf(decide(server.success, input)))
      : NOTHING_FOUND;
  };

/** To be looked at in this order. */
export const PREFLIGHT_CHECKS: ReadonlyArray<Check<PreflightCheckInput>> = [
  {
    id: "kubectl",
    find: ({ facts }) => Effect.succeed(warningOf(kubectlWarning(facts))),
  },
  {
    id: "native-sidecars",
    find: ofCluster(sidecarWarning),
  },
  {
    id: "metrics",
    find: ofCluster((_, { facts, ha }) => (ha ? metricsWarning(facts.metrics) : undefined)),
  },
  {
    id: "helm",
    find: ({ facts }) => Effect.succeed(problemOf(helmProblem(facts))),
  },
  {
    id: "cluster",
    find: ({ facts }) => Effect.succeed(problemOf(clusterProblem(facts))),
  },
];

/** Looked at even when the preflight is skipped: it takes no time, and what it finds would stop the run half-way. */
export const HOME_CHECK: Check<unknown, never, CrdBackups> = {
  id: "home",
  find: Effect.fnUntraced(function* () {
    const backups = yield* CrdBackups;
    const ready = yield* Effect.result(backups.ready);
    return Result.isFailure(ready)
      ? problemOf({ _tag: "HomeUnusable", detail: ready.failure.detail })
      : {};
  }),
};

export interface PreflightInput {
  readonly options: Pick<UpgradeOptions, "ha" | "skipPreflight">;
  readonly facts: Effect.Effect<PreflightFacts>;
  /** The run writes, and so keeps copies of what it changes; a plan does not. */
  readonly writes?: boolean;
}

export const preflight: Phase<
  PreflightInput,
  void,
  PreflightFailed | RecordsElsewhere,
  CrdBackups | Reporter
> = {
  id: "preflight",
  title: "Preflight (Helm / kubectl / cluster)",
  run: Effect.fnUntraced(function* ({ options, facts, writes = true }) {
    const home = writes ? [HOME_CHECK] : [];
    if (options.skipPreflight) {
      yield* runChecks(home, undefined);
      return yield* report({ _tag: "PreflightSkipped" });
    }
    // Helm itself says nothing but that it finds no database.
    yield* requireRecordsInCluster;
    yield* runChecks([...PREFLIGHT_CHECKS, ...home], { facts: yield* facts, ha: options.ha });
  }),
};
