/** The Secret with which the cluster pulls images: read from what the operator gives, and never passed through Helm. */
import { Redacted, Result } from "effect";
import { isJsonObject, type Json, type JsonObject } from "../kube/json.ts";
import type { KubeObject } from "../kube/objects.ts";

/** The name of the Secret that is made of what was given. */
export const PULL_SECRET = "tars-image-pull";

/** A dockerconfigjson, as its Secret holds it. */
export type PullSecret = Redacted.Redacted<string>;

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

const decodeJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

const decodeBase64 = (text: string): string | undefined =>
  BASE64.test(text) ? Buffer.from(text, "base64").toString("utf8") : undefined;

const DOCKER_IO = "docker.io";
/** Docker Hub has three names. */
const DOCKER_HUB = new Set([DOCKER_IO, "index.docker.io", "registry-1.docker.io"]);

/** The host of `https://index.docker.io/v1/` as of `gcr.io/acme`. */
const hostOf = (registry: string): string => {
  const host = (registry.replace(/^[a-z]+:\/\//i, "").split("/")[0] ?? "").toLowerCase();
  // Without a dot or a port it is no host but the first part of a name there.
  const isName = host !== "localhost" && !/[.:]/.test(host);
  return isName || DOCKER_HUB.has(host) ? DOCKER_IO : host;
};

const hasCredentials = (entry: Json | undefined): boolean => {
  if (!isJsonObject(entry)) return false;
  const { auth, username, password, identitytoken } = entry;
  if (typeof auth === "string" && auth !== "") {
    return /^[^:]+:./s.test(decodeBase64(auth) ?? "");
  }
  const isPair = typeof username === "string" && typeof password === "string";
  return (isPair && username !== "") || typeof identitytoken === "string";
};

/** What is wrong with it; it never holds what was given. */
export type PullSecretProblem =
  | { readonly _tag: "Empty" | "NeitherJsonNorBase64" | "NotJson" | "WithoutAuths" }
  | {
      readonly _tag: "OtherHosts";
      readonly wanted: string;
      readonly found: ReadonlyArray<string>;
    }
  | { readonly _tag: "WithoutCredentials"; readonly host: string };

const authsOf = (config: Json | undefined): JsonObject | undefined => {
  if (!isJsonObject(config)) return undefined;
  const { auths } = config;
  return isJsonObject(auths) && Object.keys(auths).length > 0 ? auths : undefined;
};

/**
 * @param given the file as it is, or in base64
 * @param registry that the images come from; empty for the public ones
 */
export const decodePullSecret = (
  given: Redacted.Redacted<string>,
  registry: string,
): Result.Result<PullSecret, PullSecretProblem> => {
  const text = Redacted.value(given).trim();
  if (text === "") return Result.fail({ _tag: "Empty" });
  const plain = text.startsWith("{") ? text : decodeBase64(text);
  if (plain === undefined) {
    return Result.fail({ _tag: "NeitherJsonNorBase64" });
  }
  const config = decodeJson(plain);
  if (config === undefined) return Result.fail({ _tag: "NotJson" });
  const auths = authsOf(config);
  if (auths === undefined) {
    return Result.fail({ _tag: "WithoutAuths" });
  }
  const wanted = hostOf(registry);
  const [found] = Object.entries(auths).filter(
    ([host]) => registry === "" || hostOf(host) === wanted,
  );
  if (found === undefined) {
    return Result.fail({ _tag: "OtherHosts", wanted, found: Object.keys(auths).map(hostOf) });
  }
  const [host, entry] = found;
  return hasCredentials(entry)
    ? Result.succeed(Redacted.make(plain, { label: "pull secret" }))
    : Result.fail({ _tag: "WithoutCredentials", host: hostOf(host) });
};

export const pullSecretObject = (secret: PullSecret, namespace: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: PULL_SECRET,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "tare" },
  },
  type: "kubernetes.io/dockerconfigjson",
  data: { ".dockerconfigjson": Buffer.from(Redacted.value(secret)).toString("base64") },
});
