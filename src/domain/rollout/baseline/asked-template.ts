/** What settings ask of the Deployment that Envoy Gateway makes from them, as far as it can be known without the controller. */
import { DaemonSet, fieldAt, type KubeObject, listAt, stringAt } from "../../kube/objects.ts";
import { isTree, nameOf, type Tree } from "../difference.ts";

/** Strategic merge as far as containers and their variables need it: lists of named things merge by name. */
export const merged = (base: unknown, patch: unknown): unknown => {
  if (Array.isArray(base) && Array.isArray(patch) && patch.every((item) => nameOf(item))) {
    const names = new Set(patch.map(nameOf));
    const kept = base.map((item) => {
      const change = patch.find((other) => nameOf(other) === nameOf(item));
      return change === undefined ? item : merged(item, change);
    });
    const known = new Set(base.map(nameOf));
    return [
      ...kept,
      ...patch.filter((item) => names.has(nameOf(item)) && !known.has(nameOf(item))),
    ];
  }
  if (!isTree(base) || !isTree(patch)) return patch;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    result[key] = key in base ? merged(base[key], value) : value;
  }
  return result;
};

const only = (entries: Tree): Tree =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

const POD_FIELDS = [
  "affinity",
  "imagePullSecrets",
  "nodeSelector",
  "priorityClassName",
  "tolerations",
  "topologySpreadConstraints",
] as const;

/** How an EnvoyProxy and the settings of the controller itself both describe a workload. */
export interface AskedWorkload {
  /** Of the workload: a DaemonSet has another word for its strategy. */
  readonly kind?: string;
  /** A `KubernetesDeploymentSpec` or `KubernetesDaemonSetSpec` of Envoy Gateway's API. */
  readonly settings: unknown;
  /** The container that the settings are about. */
  readonly container: string;
  /** Of the pods, where the controller computes it from something else. */
  readonly graceSeconds?: number | undefined;
}

/** @returns the part of the workload's `spec` that must be found in the live one */
export const askedTemplate = ({ kind, settings, container, graceSeconds }: AskedWorkload): Tree => {
  const pod = fieldAt(settings, "pod");
  const asked = only({
    [kind === DaemonSet.kind ? "updateStrategy" : "strategy"]: fieldAt(settings, "strategy"),
    template: {
      metadata: only({ annotations: fieldAt(pod, "annotations"), labels: fieldAt(pod, "labels") }),
      spec: only({
        ...Object.fromEntries(POD_FIELDS.map((field) => [field, fieldAt(pod, field)])),
        terminationGracePeriodSeconds: graceSeconds,
        containers: [
          only({
            name: container,
            image: fieldAt(settings, "container", "image"),
            resources: fieldAt(settings, "container", "resources"),
            env: fieldAt(settings, "container", "env"),
          }),
        ],
      }),
    },
  });
  const patch = fieldAt(settings, "patch", "value", "spec");
  return isTree(patch) ? (merged(asked, patch) as Tree) : asked;
};

/** The images of a workload's containers by their names. */
export const imagesOf = (workload: KubeObject): ReadonlyMap<string, string | undefined> =>
  new Map(
    listAt(workload, "spec", "template", "spec", "containers").map((container) => [
      stringAt(container, "name") ?? "",
      stringAt(container, "image"),
    ]),
  );
