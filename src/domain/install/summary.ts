/** What an operator is shown before an installation begins. */
import { getPath, type JsonObject } from "../kube/json.ts";
import type { ReleaseRef } from "../release/release.ts";

export interface InstallSummary {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  readonly context: string | undefined;
  readonly server: string;
  /** Where the chart comes from, e.g. `embedded chart`. */
  readonly chart: string;
  readonly version: string;
  /** Empty for the public ones. */
  readonly registry: string;
  readonly customer: string;
  readonly environment: string;
  readonly deploymentMode: string;
  readonly serveUrl: string;
  /** Name of the Secret; empty where none is referred to. */
  readonly pullSecret: string;
  readonly ha: boolean;
  /** The revision that runs with other values; `undefined` for a first installation. */
  readonly changes: number | undefined;
}

type Place = Pick<
  InstallSummary,
  "release" | "dataplaneNamespace" | "context" | "server" | "chart" | "version" | "changes"
>;

/** @param values what Helm is given */
export const installSummary = (
  place: Place,
  values: JsonObject,
  chartDefaults: JsonObject,
): InstallSummary => {
  const at = (path: string) =>
    getPath(values, path.split(".")) ?? getPath(chartDefaults, path.split("."));
  const text = (path: string) => String(at(path) ?? "");
  return {
    ...place,
    registry: text("global.imageRegistry"),
    customer: text("global.customer"),
    environment: text("global.environment"),
    deploymentMode: text("global.deploymentMode"),
    serveUrl: text("global.serveUrl"),
    pullSecret: text("global.imagePullSecretName"),
    ha: at("ha.enabled") !== false,
  };
};
