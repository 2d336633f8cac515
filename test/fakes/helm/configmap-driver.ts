/** `HELM_DRIVER=configmap`: the records that would be Secrets are ConfigMaps, whose data is encoded once less. */
import { Effect, Option } from "effect";
import { ConfigMap, type KubeObject, Secret, stringAt } from "../../../src/domain/kube/objects.ts";
import type { Kubectl } from "../../../src/services/kube/Kubectl.ts";

type Api = Kubectl["Service"];

const isRecord = (name: string): boolean => name.startsWith("sh.helm.release.");

export const configMapOf = (secret: KubeObject): KubeObject => {
  const { type: _, ...rest } = secret as KubeObject & { readonly type?: string };
  const release = Buffer.from(stringAt(secret, "data", "release") ?? "", "base64").toString();
  return { ...rest, apiVersion: "v1", kind: "ConfigMap", data: { release } };
};

const secretOf = (configMap: KubeObject): KubeObject => ({
  ...configMap,
  kind: "Secret",
  data: {
    release: Buffer.from(stringAt(configMap, "data", "release") ?? "").toString("base64"),
  },
});

/** Records go to ConfigMaps and come from there; everything else is as it was. */
export const inConfigMaps = (api: Api): Api => ({
  ...api,
  get: (ref) =>
    ref.type.kind === Secret.kind && isRecord(ref.name)
      ? Effect.map(api.get({ ...ref, type: ConfigMap }), Option.map(secretOf))
      : api.get(ref),
  list: (query) =>
    query.type.kind === Secret.kind && query.labelSelector?.includes("owner=helm") === true
      ? Effect.map(api.list({ ...query, type: ConfigMap }), (found) => found.map(secretOf))
      : api.list(query),
  create: (type, object, ...rest) =>
    type.kind === Secret.kind && isRecord(object.metadata.name)
      ? api.create(ConfigMap, configMapOf(object), ...rest)
      : api.create(type, object, ...rest),
  replace: (type, object, ...rest) =>
    type.kind === Secret.kind && isRecord(object.metadata.name)
      ? api.replace(ConfigMap, configMapOf(object), ...rest)
      : api.replace(type, object, ...rest),
  delete: (ref) =>
    ref.type.kind === Secret.kind && isRecord(ref.name)
      ? api.delete({ ...ref, type: ConfigMap })
      : api.delete(ref),
});
