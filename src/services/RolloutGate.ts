import { Clock, Context, Duration, Effect, Layer } from "effect";
import {
  type DeploymentProgress,
  dataPlaneProgress,
  type ExpectedDataPlane,
  MANAGED_BY_ENVOY_GATEWAY,
  proxyTemplate,
} from "../domain/data-plane.ts";
import { Deployment, EnvoyProxy, Gateway, type KubeObject } from "../domain/kube.ts";
import { Kubectl, type KubectlError } from "./Kubectl.ts";

export interface GateRequest {
  readonly systemNamespace: string;
  readonly dataplaneNamespace: string;
  readonly budget: Duration.Duration;
  /** The data plane must stay ready and unchanged for this long. */
  readonly settleTime: Duration.Duration;
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
        return { expected: expectedDataPlane(gateways, proxies), deployments };
      });

      return RolloutGate.of({
        await: Effect.fn("RolloutGate.await")(function* (request) {
          const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(request.budget);
          let settledSince: number | undefined;
          let settledAs = "";
          let shown = "";
          let why = "the data plane could not be observed";
          let progress: ReadonlyArray<DeploymentProgress> = [];

          while (true) {
            const seen = yield* Effect.result(look(request));
            const now = yield* Clock.currentTimeMillis;
            if (seen._tag === "Failure") {
              settledSince = undefined;
              why = seen.failure.message;
            } else {
              const { expected, deployments } = seen.success;
              progress = dataPlaneProgress(deployments, expected);
              const fingerprint = generations(deployments);
              const waiting = progress.find(({ waitingFor }) => waitingFor !== undefined);
              if (waiting === undefined && settledAs === fingerprint) {
                settledSince ??= now;
              } else {
                settledSince = waiting === undefined ? now : undefined;
              }
              settledAs = fingerprint;
              why =
                waiting === undefined
                  ? "the data plane is ready but has not been stable for long enough"
                  : `${waiting.name}: ${waiting.waitingFor}`;
              const text = JSON.stringify(progress);
              if (text !== shown) yield* request.onProgress(progress);
              shown = text;
              const stable =
                settledSince !== undefined &&
                now - settledSince >= Duration.toMillis(request.settleTime);
              if (stable) {
                return progress.length === 0
                  ? { _tag: "Absent" as const }
                  : { _tag: "Settled" as const, deployments: progress };
              }
            }
            if (now >= deadline) {
              return { _tag: "NotSettled" as const, why, deployments: progress };
            }
            yield* Effect.sleep(POLL_EVERY);
          }
        }),
      });
    }),
  );
}

const absentWhenNotServed = (
  list: Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>,
): Effect.Effect<ReadonlyArray<KubeObject>, KubectlError> =>
  Effect.catch(list, (error) =>
    error.reason === "NotServed" ? Effect.succeed([]) : Effect.fail(error),
  );

/** With several EnvoyProxies it is not ours to say which one a Gateway uses, so only readiness is judged. */
const expectedDataPlane = (
  gateways: ReadonlyArray<KubeObject>,
  proxies: ReadonlyArray<KubeObject>,
): ExpectedDataPlane => ({
  gateways: gateways.map(({ metadata }) => metadata.name),
  template:
    proxies.length === 1 && proxies[0] !== undefined ? proxyTemplate(proxies[0]) : undefined,
});

/** Changes whenever a Deployment is replaced or its specification changes: then settling starts anew. */
const generations = (deployments: ReadonlyArray<KubeObject>): string =>
  deployments
    .map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.generation}`)
    .sort()
    .join("\n");
