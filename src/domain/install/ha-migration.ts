/** One proxy becomes two or more, and nothing else of the release changes: not even its version. */
import { Redacted } from "effect";
import { type JsonObject, setPath } from "../kube/json.ts";
import type { InstallOptions } from "./options.ts";

const HA = "ha.enabled";

/** Only HA was asked for, of the chart that runs, whichever that is. */
export const asksForHaAlone = (options: InstallOptions): boolean =>
  options.ha &&
  options.decided.length === 1 &&
  options.decided[0] === HA &&
  options.chart._tag === "Embedded" &&
  options.imageTag === undefined &&
  options.carriedFlags.size === 0 &&
  Object.keys(Redacted.value(options.values)).length === 0 &&
  options.pullSecret === undefined &&
  options.pullSecretName === undefined;

export const withHa = (stored: JsonObject): JsonObject => setPath(stored, HA.split("."), true);
