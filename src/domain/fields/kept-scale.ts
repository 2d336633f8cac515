/** Numbers of replicas that are higher on the cluster than in the chart: lowering them takes capacity away under load. */
import { getPath, type JsonObject, type JsonPath, setPath } from "../kube/json.ts";
import {
  Deployment,
  EnvoyProxy,
  type KubeObject,
  numberAt,
  type ObjectRef,
  refOf,
} from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";

interface Scale {
  readonly kind: string;
  readonly name: string | undefined;
  readonly field: ReadonlyArray<string>;
  /** Of the chart's values, from which it sets the field. */
  readonly value: JsonPath;
}

const replicasOf = (name: string, value: string): Scale => ({
  kind: Deployment.kind,
  name,
  field: ["spec", "replicas"],
  value: [...value.split("."), "replicas"],
});

const autoscalerOf = (bound: "minReplicas" | "maxReplicas"): Scale => ({
  kind: EnvoyProxy.kind,
  name: undefined,
  field: ["spec", "provider", "kubernetes", "envoyHpa", bound],
  value: ["ha", bound],
});

const SCALES: ReadonlyArray<Scale> = [
  replicasOf("envoy-gateway", "controllers.envoyGateway"),
  replicasOf("ai-gateway-controller", "controllers.aiGateway"),
  replicasOf("tars-otel-collector", "otelCollector"),
  autoscalerOf("minReplicas"),
  autoscalerOf("maxReplicas"),
];

export interface KeptScale {
  /** E.g. `Deployment envoy-gateway`. */
  readonly object: string;
  readonly field: string;
  readonly live: number;
  /** What the chart would set. */
  readonly chart: number;
  readonly value: JsonPath;
}

interface ScaleStates {
  readonly release: ReleaseRef;
  readonly live: ReadonlyArray<KubeObject>;
  /** What Helm would be given, and the chart's own defaults beneath. */
  readonly values: JsonObject;
  readonly defaults: JsonObject;
}

const isOf =
  ({ name }: ReleaseRef) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.annotations?.["meta.helm.sh/release-name"] === name;

/** Where the chart's own default is less than what runs; a number that the operator gave is never touched. */
export const keptScales = ({
  release,
  live,
  values,
  defaults,
}: ScaleStates): ReadonlyArray<KeptScale> =>
  live.filter(isOf(release)).flatMap((object) =>
    SCALES.flatMap(({ kind, name, field, value }) => {
      const [found, chart] = [numberAt(object, ...field), getPath(defaults, value)];
      const named = object.metadata.name;
      const isMeant = kind === object.kind && (name ?? named) === named;
      const isGiven = getPath(values, value) !== undefined;
      // Without HA the chart sets one, whatever the bounds.
      const isOff = value[0] === "ha" && getPath(values, ["ha", "enabled"]) === false;
      return isMeant && !isGiven && !isOff && typeof chart === "number" && (found ?? 0) > chart
        ? [{ object: `${kind} ${named}`, field: field.join("."), live: found ?? 0, chart, value }]
        : [];
    }),
  );

/** Values that the live object decides, even where they were supplied once: an earlier run did, where that had been scaled. */
export const liveValues = (
  release: ReleaseRef,
  live: ReadonlyArray<KubeObject>,
): ReadonlyArray<JsonPath> =>
  live
    .filter(isOf(release))
    .flatMap((object) =>
      SCALES.filter(
        ({ kind, name, field }) =>
          kind === object.kind &&
          (name ?? object.metadata.name) === object.metadata.name &&
          numberAt(object, ...field) !== undefined,
      ).map(({ value }) => value),
    );

/** Replicas that a rollback to an older manifest must not leave lowered. */
export interface ScaleFloor {
  readonly ref: ObjectRef;
  readonly field: JsonPath;
  /** What ran, and what the manifest sets. */
  readonly live: number;
  readonly manifest: number;
}

const BOUNDS = SCALES.flatMap(({ kind, field }) => (kind === EnvoyProxy.kind ? [field] : []));

export const scaleFloors = (
  live: ReadonlyArray<KubeObject>,
  manifest: ReadonlyArray<KubeObject>,
): ReadonlyArray<ScaleFloor> =>
  [Deployment, EnvoyProxy].flatMap((type) =>
    manifest
      .filter(({ kind }) => kind === type.kind)
      .flatMap((object) => {
        const { name, namespace } = object.metadata;
        const now = live.find(
          ({ kind, metadata }) =>
            kind === type.kind &&
            metadata.name === name &&
            (namespace ?? metadata.namespace) === metadata.namespace,
        );
        return (type === EnvoyProxy ? BOUNDS : [["spec", "replicas"]]).flatMap((field) => {
          const [running, set] = [numberAt(now, ...field), numberAt(object, ...field)];
          return now !== undefined && running !== undefined && set !== undefined && running > set
            ? [{ ref: refOf(type, now), field, live: running, manifest: set }]
            : [];
        });
      }),
  );

const withLive = (object: KubeObject, { field, live }: ScaleFloor): KubeObject => {
  const [top = "", ...path] = field;
  return { ...object, [top]: setPath((object[top] ?? {}) as JsonObject, path, live) };
};

/** The manifest's object with what ran in place of what it sets. */
export const atFloors = (object: KubeObject, floors: ReadonlyArray<ScaleFloor>): KubeObject =>
  floors
    .filter(
      ({ ref }) =>
        ref.type.kind === object.kind &&
        ref.name === object.metadata.name &&
        ref.namespace === object.metadata.namespace,
    )
    .reduce(withLive, object);

/** Replicas that Helm has lowered by now; another number was set on purpose. */
export const isLowered = (
  { field, manifest }: ScaleFloor,
  object: KubeObject | undefined,
): boolean => numberAt(object, ...field) === manifest;

export const withKeptScales = (values: JsonObject, kept: ReadonlyArray<KeptScale>): JsonObject =>
  kept.reduce((all, { value, live }) => setPath(all, value, live), values);
