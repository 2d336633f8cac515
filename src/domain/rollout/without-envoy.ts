import { fieldAt, type KubeObject, listAt, stringAt } from "../kube.ts";

const ENVOY = "envoy";

/**
 * A proxy on its way out whose Envoy does not run, so that no stream can be open. Envoy Gateway's preStop hook asks Envoy for its
 * connections and, without an answer, waits for the whole drain time.
 */
export const isEndingWithoutEnvoy = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined &&
  listAt(pod, "status", "containerStatuses").some(
    (status) =>
      stringAt(status, "name") === ENVOY && fieldAt(status, "state", "running") === undefined,
  );
