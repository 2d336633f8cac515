/** Whether the data plane's pods, which are no objects of the release, will be replaced. */
import type { Duration } from "effect";
import type { ObjectChange, Roll } from "../fields/object-change.ts";
import { EnvoyProxy, type KubeObject, numberAt } from "../kube/objects.ts";
import { runningDrain } from "../streams/running-drain.ts";
import { shortDrains } from "../streams/short-drain.ts";
import type { RollReason } from "./roll-reason.ts";

const DATA_PLANE = "data plane";
const CONTROLLERS = /^(?:envoy-gateway|ai-gateway)/;

const SIDECAR_ARGUMENT = /--extProc(?:Image|LogLevel)=/;

/** The AI Gateway replaces the proxies itself when their sidecar is not the one that it would give them. */
const sidecarChange = (changes: ReadonlyArray<ObjectChange>): ObjectChange | undefined =>
  changes.find(
    ({ kind, fields }) =>
      kind === "Deployment" && fields.some(({ after }) => SIDECAR_ARGUMENT.test(after?.text ?? "")),
  );

const reasonOf = (changes: ReadonlyArray<ObjectChange>): RollReason | undefined => {
  const proxy = changes.find(({ kind }) => kind === EnvoyProxy.kind);
  if (proxy !== undefined) {
    const changesSidecar = sidecarChange(changes)?.name;
    return { _tag: "EnvoyProxy", name: proxy.name, changesSidecar };
  }
  const controller = changes.find(
    ({ kind, name, fields }) =>
      kind === "Deployment" &&
      CONTROLLERS.test(name) &&
      fields.some(({ path }) => path.startsWith("spec.template.")),
  );
  return controller === undefined ? undefined : { _tag: "Controller", name: controller.name };
};

const rollOf = (deployment: KubeObject, why: RollReason): Roll => ({
  workload: { kind: DATA_PLANE, name: deployment.metadata.name },
  namespace: deployment.metadata.namespace,
  pods: numberAt(deployment, "spec", "replicas") ?? 1,
  why,
});

/** Proxies that drain for less than is asked for are replaced once more, before Helm starts. */
export const drainRolls = (
  deployments: ReadonlyArray<KubeObject>,
  asked: Duration.Duration,
): ReadonlyArray<Roll> =>
  deployments.flatMap((deployment) =>
    shortDrains([runningDrain(deployment)], asked).map(({ drain }) =>
      rollOf(deployment, { _tag: "ShortDrain", drain, asked }),
    ),
  );

export const dataPlaneRolls = (
  changes: ReadonlyArray<ObjectChange>,
  deployments: ReadonlyArray<KubeObject>,
): ReadonlyArray<Roll> => {
  const why = reasonOf(changes);
  return why === undefined ? [] : deployments.map((deployment) => rollOf(deployment, why));
};
