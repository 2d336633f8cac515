/** The variables that commands read, as their help names them. */

export interface Variable {
  readonly name: string;
  readonly help: string;
}

const OF_CLUSTERS: ReadonlyArray<Variable> = [
  { name: "KUBECONFIG", help: "Kubeconfig files, unless --kubeconfig names one" },
  { name: "HELM_DRIVER", help: "Where Helm keeps its records: secret (the default) or configmap" },
];

const OF_TOOLS: ReadonlyArray<Variable> = [
  {
    name: "TARE_HELM, TARE_KUBECTL, TARE_CRANE",
    help: "Binaries to use instead of downloaded ones",
  },
  { name: "TARE_TOOLS_MIRROR", help: "An address or a folder that tools come from" },
];

const OF_ALL: ReadonlyArray<Variable> = [
  { name: "TARE_HOME", help: "The folder of tools, reports and copies of CRDs (default: ~/.tare)" },
  { name: "TARE_TRACE", help: "A file that what was done is appended to, one span a line of JSON" },
  { name: "HTTPS_PROXY, NO_PROXY", help: "The proxy to the cluster, the plane and downloads" },
  { name: "NO_COLOR, FORCE_COLOR", help: "No colours, or colours also where there is no terminal" },
];

export const UPGRADE_ENVIRONMENT: ReadonlyArray<Variable> = [
  ...OF_CLUSTERS,
  { name: "TARE_OTEL_EXPORTER_AUTH_HEADERS", help: "As --otel-exporter-auth-headers" },
  { name: "TARE_SKIP_PREFLIGHT", help: "1: as --skip-preflight" },
  ...OF_TOOLS,
  ...OF_ALL,
];

export const INSTALL_ENVIRONMENT: ReadonlyArray<Variable> = [
  ...OF_CLUSTERS,
  { name: "TARE_IMAGE_REGISTRY", help: "As --image-registry" },
  {
    name: "TARE_IMAGE_PULL_SECRET",
    help: "A dockerconfigjson for the images, as JSON or in base64",
  },
  { name: "TARE_CUSTOMER, TARE_ENVIRONMENT", help: "As --customer and --environment" },
  { name: "TARE_OTEL_EXPORTER_AUTH_HEADERS", help: "As --otel-exporter-auth-headers" },
  ...OF_TOOLS,
  ...OF_ALL,
];

export const UNINSTALL_ENVIRONMENT: ReadonlyArray<Variable> = [
  ...OF_CLUSTERS,
  { name: "TARE_SKIP_PREFLIGHT", help: "1: as --skip-preflight" },
  ...OF_TOOLS,
  ...OF_ALL,
];

export const DOCTOR_ENVIRONMENT: ReadonlyArray<Variable> = [
  ...OF_CLUSTERS,
  { name: "TARE_EVENT_RETENTION_HOURS", help: "As --event-retention-hours" },
  ...OF_ALL,
];

export const HISTORY_ENVIRONMENT: ReadonlyArray<Variable> = [...OF_CLUSTERS, ...OF_ALL];

export const IMAGES_ENVIRONMENT: ReadonlyArray<Variable> = [
  { name: "DOCKER_CONFIG, REGISTRY_AUTH_FILE", help: "Where Docker and Podman keep their logins" },
  { name: "SSL_CERT_FILE", help: "More certificate authorities for registries" },
  ...OF_TOOLS,
  ...OF_ALL,
];

export const TOOLS_ENVIRONMENT: ReadonlyArray<Variable> = [...OF_TOOLS, ...OF_ALL];
