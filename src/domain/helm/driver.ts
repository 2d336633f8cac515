/** Where Helm keeps its records, as `HELM_DRIVER` says. */
import { ConfigMap, type ResourceType, Secret } from "../kube/objects.ts";

export type HelmDriver =
  | { readonly _tag: "Secrets" }
  | { readonly _tag: "ConfigMaps" }
  /** Out of the cluster, or nowhere: tare cannot read them there. */
  | { readonly _tag: "Elsewhere"; readonly name: string };

const NAMES: Readonly<Record<string, "Secrets" | "ConfigMaps">> = {
  "": "Secrets",
  secret: "Secrets",
  secrets: "Secrets",
  configmap: "ConfigMaps",
  configmaps: "ConfigMaps",
};

export const helmDriverNamed = (name: string): HelmDriver => {
  const known = NAMES[name.toLowerCase()];
  return known === undefined ? { _tag: "Elsewhere", name } : { _tag: known };
};

/** What a record is an object of; nothing where the records are not in the cluster. */
export const recordType = ({ _tag }: HelmDriver): ResourceType | undefined => {
  if (_tag === "Elsewhere") return undefined;
  return _tag === "Secrets" ? Secret : ConfigMap;
};

/** The other kind that Helm can keep records in. */
export const otherRecordType = (type: ResourceType): ResourceType =>
  type.kind === Secret.kind ? ConfigMap : Secret;
