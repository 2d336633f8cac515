/** The checks by their ids, kebab-case and stable, with what holds when one finds nothing, as the docs say it. */
export const CHECK_TITLES = {
  kubectl: "kubectl is there, for the commands that are printed",
  "native-sidecars": "The cluster's version lets ext-proc outlive Envoy while a pod drains",
  metrics: "Resource metrics are served, for the autoscaler of an HA data plane",
  helm: "A Helm of version 3 or 4 runs",
  cluster: "The API server answers",
  home: "There is a place for the copies of what is changed",
  namespaces: "No namespace of the release is being deleted",
  "stored-apis": "The stored manifests use only APIs that are served, or will be",
  "helm-defects": "The Helm in use has no known defect that this upgrade meets",
  "webhook-certificate": "The certificate of the injecting webhook lasts, or is renewed",
  "envoy-gateway-hop": "The step from one version of Envoy Gateway to the next is a supported one",
  permissions: "The account is allowed to do everything that the upgrade and a rollback do",
  images:
    "The images are in the registry of the release, as far as that can be asked without a download",
  "record-size": "Helm's record of the new revision fits into a Secret",
} as const;

export type CheckId = keyof typeof CHECK_TITLES;
