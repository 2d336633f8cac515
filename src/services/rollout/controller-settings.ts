/** Finds what a release tells Envoy Gateway: a document of its API in a ConfigMap, under whatever names. */
import { parse } from "yaml";
import { fieldAt, type KubeObject } from "../../domain/kube/objects.ts";

const IS_SETTINGS = /^kind: *"?EnvoyGateway"? *$|"kind": *"EnvoyGateway"/m;

/** A document that is no YAML is none that the controller could read either. */
const parsed = (text: string): unknown => {
  try {
    return parse(text, { logLevel: "error" });
  } catch {
    return undefined;
  }
};

/** @returns the first such document; `undefined` when there is none */
export const controllerSettings = (configMaps: ReadonlyArray<KubeObject>): unknown =>
  configMaps
    .flatMap((configMap) => Object.values(fieldAt(configMap, "data") ?? {}))
    .filter((text) => typeof text === "string" && IS_SETTINGS.test(text))
    .map((text) => parsed(String(text)))
    .find((settings) => fieldAt(settings, "kind") === "EnvoyGateway");
