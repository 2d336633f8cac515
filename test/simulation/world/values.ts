/** The operator's values, keyed by dotted paths as a story keeps them. */
import { type Json, type JsonObject, setPath } from "../../../src/domain/kube/json.ts";
import type { Dice } from "../dice.ts";

/** As the product page lists them, with the flag that overrides each. */
export const CARRIED: ReadonlyArray<readonly [path: string, flag: string | undefined]> = [
  ["global.imageRegistry", "image-registry"],
  ["global.customer", "customer"],
  ["global.environment", "environment"],
  ["global.deploymentMode", "deployment-mode"],
  ["global.serveUrl", "serve-url"],
  ["global.imagePullSecretName", undefined],
  ["otelCollector.enabled", "enable-otel-collector"],
  ["otelCollector.exporters.otlp.endpoint", "otel-collector-endpoint"],
  ["otelCollector.exporters.otlp.headers.Authorization", "otel-exporter-auth-headers"],
];

/** Never to be seen outside of the release's own values; no pattern knows them. */
export const SECRETS = {
  header: "x-api-key=canary-of-the-header-7f3a",
  password: "canary-of-the-redis-password-91c",
} as const;

const USUAL: Readonly<Record<string, Json>> = {
  "global.imageRegistry": "gcr.io/acme/tars",
  "global.customer": "acme",
  "global.environment": "production",
  "global.deploymentMode": "enterprise",
  "global.serveUrl": "https://llm.acme.example",
  "global.imagePullSecretName": "acme-pull",
  "otelCollector.enabled": true,
  "otelCollector.exporters.otlp.endpoint": "otel.acme.example:4317",
  "otelCollector.exporters.otlp.headers.Authorization": SECRETS.header,
};

/** What loses its type as soon as anybody makes text of it. */
const ODD: ReadonlyArray<Json> = [null, false, true, 0, "", "0", "00123", "1e3", "true", "null"];

const OTHERS: ReadonlyArray<readonly [string, Json]> = [
  ["redis.type", "hosted"],
  ["redis.password", SECRETS.password],
  ["rateLimiting.enabled", false],
  ["global.imageTag", "pinned"],
  ["shutdown.drainTimeout", "60s"],
  ["gateway.annotations", ["a", "b"]],
];

export const drawValues = (dice: Dice): Record<string, Json> => {
  const values: Record<string, Json> = {};
  for (const [path] of CARRIED) {
    const usual = USUAL[path];
    if (usual === undefined || dice.chance(0.25)) continue;
    values[path] = dice.chance(0.2) ? dice.pick(ODD) : usual;
  }
  if (dice.chance(0.3)) {
    const [path, value] = dice.pick(OTHERS);
    values[path] = value;
  }
  if (dice.chance(0.12)) values["ha.enabled"] = false;
  if (dice.chance(0.02)) values["global.customer"] = { name: "acme" };
  if (dice.chance(0.02)) values["global.dataplaneNamespace"] = "another-dataplane";
  return values;
};

export const nested = (values: Readonly<Record<string, Json>>): JsonObject =>
  Object.entries(values).reduce<JsonObject>(
    (root, [path, value]) => setPath(root, path.split("."), value),
    {},
  );
