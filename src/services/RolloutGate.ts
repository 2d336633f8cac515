import { isDeepStrictEqual } from "node:util";
import { Clock, Context, Duration, Effect, Layer, Result } from "effect";
import {
  type DeploymentProgress,
  dataPlaneProgress,
  type ExpectedDataPlane,
  MANAGED_BY_ENVOY_GATEWAY,
  type ProxyTemplate,
  soleProxyTemplate,
} from "../domain/data-plane.ts";
import { Deployment, EnvoyProxy, Gateway, type KubeObject } from "../domain/kube.ts";
import { hasSettled, observe, type Settling, UNSETTLED } from "../domain/settling.ts";
import { Kubectl, type KubectlError } from "./Kubectl.ts";

export interface GateRequest {
  readonly systemNamespace: string;
  readonly dataplaneNamespace: string;
  readonly budget: Duration.Duration;
  /** The data plane must stay ready and unchanged for this long. */
  readonly settleTime: Duration.Duration;
  /** What the pods must be made from; left out, what the live EnvoyProxy asks for. */
  readonly template?: ProxyTemplate | undefined;
  readonly onProgress: (deployments: ReadonlyArray<DeploymentProgress>) => Effect.Effect<void>;
}

export type DataPlaneOutcome =
  | { readonly _tag: "Settled"; readonly deployments: ReadonlyArray<DeploymentProgress> }
  /** There is no Gateway in the data-plane namespace, so there is nothing to wait for. */
  | { readonly _tag: "Absent" }
  | {
      readonly _tag: "NotSettled";
      readonly why: string;
      readonly deployments: ReadonlyArray<DeploymentProgress>;
    };

const POLL_EVERY = Duration.seconds(1);

/**
 * Follows the data plane that Helm cannot see until it runs what the current EnvoyProxy asks for, and has done so for
 * the settling time. Failures of the API server are waited out within the budget.
 */
export class RolloutGate extends Context.Service<
  RolloutGate,
  { readonly await: (request: GateRequest) => Effect.Effect<DataPlaneOutcome> }
>()("tare/services/RolloutGate") {
  /** Asks the API server once a second. */
  static readonly layerPolling: Layer.Layer<RolloutGate, never, Kubectl> = Layer.effect(
    RolloutGate,
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;

      const look = Effect.fnUntraced(function* (request: GateRequest) {
        const [gateways, proxies, deployments] = yield* Effect.all(
          [
            absentWhenNotServed(
              kubectl.list({ type: Gateway, namespace: request.dataplaneNamespace }),
            ),
            absentWhenNotServed(
              kubectl.list({ type: EnvoyProxy, namespace: request.systemNamespace }),
            ),
            kubectl.list({
              type: Deployment,
              namespace: request.dataplaneNamespace,
              labelSelector: MANAGED_BY_ENVOY_GATEWAY,
            }),
          ],
          { concurrency: "unbounded" },
        );
        const live = expectedDataPlane(gateways, proxies);
        const expected = { ...live, template: request.template ?? live.template };
        return { expected, deployments };
      });

      /** One look at the cluster; what cannot be seen is not ready, and may be seen the next time. */
      const observeOnce = Effect.fnUntraced(function* (request: GateRequest, before: Watch) {
        const seen = yield* Effect.result(look(request));
        const now = yield* Clock.currentTimeMillis;
        if (Result.isFailure(seen)) {
          return { ...before, settling: UNSETTLED, why: seen.failure.message, now };
        }
        const { expected, deployments } = seen.success;
        const progress = dataPlaneProgress(deployments, expected);
        if (!isDeepStrictEqual(progress, before.progress)) yield* request.onProgress(progress);
        const waiting = progress.find(({ waitingFor }) => waitingFor !== undefined);
        const watch: Watch = {
          settling: observe(before.settling, {
            fingerprint: generations(deployments),
            ready: waiting === undefined,
            atMillis: now,
          }),
          progress,
          why:
            waiting === undefined
              ? "the data plane is ready but has not been stable for long enough"
              : `${waiting.name}: ${waiting.waitingFor}`,
          now,
        };
        return watch;
      });

      return RolloutGate.of({
        await: Effect.fn("RolloutGate.await")(function* (request) {
          const startedAt = yield* Clock.currentTimeMillis;
          const deadline = startedAt + Duration.toMillis(request.budget);
          let watch = yield* observeOnce(request, NOTHING_SEEN);
          while (!hasSettled(watch.settling, request.settleTime, watch.now)) {
            const { now, why, progress } = watch;
            if (now >= deadline) return { _tag: "NotSettled", why, deployments: progress };
            yield* Effect.sleep(POLL_EVERY);
            watch = yield* observeOnce(request, watch);
          }
          return watch.progress.length === 0
            ? { _tag: "Absent" }
            : { _tag: "Settled", deployments: watch.progress };
        }),
      });
    }),
  );
}

interface Watch {
  readonly settling: Settling;
  readonly progress: ReadonlyArray<DeploymentProgress>;
  readonly why: string;
  readonly now: number;
}

const NOTHING_SEEN: Watch = {
  settling: UNSETTLED,
  progress: [],
  why: "the data plane could not be observed",
  now: 0,
};

const absentWhenNotServed = (
  list: Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>,
): Effect.Effect<ReadonlyArray<KubeObject>, KubectlError> =>
  Effect.catch(list, (error) =>
    error.reason === "NotServed" ? Effect.succeed([]) : Effect.fail(error),
  );

const expectedDataPlane = (
  gateways: ReadonlyArray<KubeObject>,
  proxies: ReadonlyArray<KubeObject>,
): ExpectedDataPlane => ({
  gateways: gateways.map(({ metadata }) => metadata.name),
  template: soleProxyTemplate(proxies),
});

/** Changes whenever a Deployment is replaced or its specification changes: then settling starts anew. */
const generations = (deployments: ReadonlyArray<KubeObject>): string =>
  deployments
    .map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.generation}`)
    .sort()
    .join("\n");
