/** What settings ask of the Deployment that Envoy Gateway makes from them, as far as it can be told without the controller. */
import { fieldAt, type KubeObject, listAt, stringAt } from "../kube.ts";

type Tree = { readonly [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nameOf = (item: unknown): string | undefined =>
  stringAt(item, "name") ?? stringAt(item, "topologyKey");

/** Strategic merge as far as containers and their variables need it: lists of named things merge by name. */
const merged = (base: unknown, patch: unknown): unknown => {
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

/** How an EnvoyProxy and the settings of the controller itself both describe a Deployment. */
export interface AskedDeployment {
  /** A `KubernetesDeploymentSpec` of Envoy Gateway's API. */
  readonly settings: unknown;
  /** The container that the settings are about. */
  readonly container: string;
  /** Of the pods, where the controller computes it from something else. */
  readonly graceSeconds?: number | undefined;
}

/** @returns the part of a Deployment's `spec` that must be found in the live one */
export const askedTemplate = ({ settings, container, graceSeconds }: AskedDeployment): Tree => {
  const pod = fieldAt(settings, "pod");
  const asked = only({
    strategy: fieldAt(settings, "strategy"),
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

export interface Difference {
  /** From the Deployment's `spec`, e.g. `template.spec.containers.envoy.image`. */
  readonly path: string;
  readonly found: unknown;
  readonly asked: unknown;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The server writes quantities in its own way: `1000m` comes back as `1`. */
const quantity = (value: unknown): number | undefined => {
  const parts = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(value));
  if (parts === null) return undefined;
  const unit = parts[2] === "" ? 1 : SUFFIXES[parts[2] as string];
  return unit === undefined ? undefined : Number(parts[1]) * unit;
};

/** The server leaves fields out that have the value they would have without being there. */
const isLeftOut = (asked: unknown): boolean => asked === 0 || asked === "" || asked === false;

const sameScalar = (found: unknown, asked: unknown): boolean =>
  (found === undefined && isLeftOut(asked)) ||
  String(found) === String(asked) ||
  (quantity(asked) !== undefined && quantity(asked) === quantity(found));

/** The first thing asked for that is not so; whatever else the live object has is its controllers' and the server's. */
export const firstDifference = (
  found: unknown,
  asked: unknown,
  path: ReadonlyArray<string> = [],
): Difference | undefined => {
  const differs: Difference = { path: path.join("."), found, asked };
  if (asked === null) return found === undefined || found === null ? undefined : differs;
  if (Array.isArray(asked)) {
    if (!Array.isArray(found)) return asked.length === 0 ? undefined : differs;
    const byName = asked.every((item) => nameOf(item) !== undefined);
    if (!byName && asked.length !== found.length) return differs;
    return first(asked, (item, index) => {
      const name = nameOf(item);
      const other = byName ? found.find((one) => nameOf(one) === name) : found[index];
      return firstDifference(other, item, [...path, name ?? String(index)]);
    });
  }
  if (isTree(asked)) {
    const keys = Object.keys(asked);
    if (!isTree(found)) return keys.length === 0 ? undefined : differs;
    return first(keys, (key) => firstDifference(found[key], asked[key], [...path, key]));
  }
  return sameScalar(found, asked) ? undefined : differs;
};

const first = <A>(
  items: ReadonlyArray<A>,
  look: (item: A, index: number) => Difference | undefined,
): Difference | undefined => {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
};

const showValue = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "object" ? JSON.stringify(value) : `${value}`;

const IMAGE_PATH = /containers\.[^.]+\.image$/;

export const showDifference = ({ path, found, asked }: Difference): string =>
  IMAGE_PATH.test(path)
    ? `still asks for image ${found ?? "(none)"}, not ${showValue(asked)}`
    : `still has ${path} = ${showValue(found)}, not ${showValue(asked)}`;

/** The images of a workload's containers by their names. */
export const imagesOf = (workload: KubeObject): ReadonlyMap<string, string | undefined> =>
  new Map(
    listAt(workload, "spec", "template", "spec", "containers").map((container) => [
      stringAt(container, "name") ?? "",
      stringAt(container, "image"),
    ]),
  );
