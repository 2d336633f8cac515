import { type HelmVersion, isSupportedHelm, parseHelmVersion } from "../helm/version.ts";
import type { ToolName } from "./pins.ts";

/** Helm versions that would do harm here, each with the reason in Helm's own tracker. */
const knownBadHelm = ({ major, minor, patch }: HelmVersion): string | undefined => {
  if (major !== 4) return undefined;
  if (minor === 1 || (minor === 0 && patch <= 4)) {
    return "its rollback fails when the new chart dropped an object (helm/helm#32244)";
  }
  if (minor === 2 && patch === 1) {
    return "waiting can hang for the whole timeout (helm/helm#32214)";
  }
  return undefined;
};

type Suitability =
  | { readonly _tag: "Suitable"; readonly version: string }
  | { readonly _tag: "Unsuitable"; readonly why: string };

/** Judges a tool that was not installed by us, from what it says of its version. */
export const judgeTool = (tool: ToolName, text: string): Suitability => {
  const version = parseHelmVersion(text);
  if (version === undefined) return { _tag: "Unsuitable", why: "it does not tell its version" };
  if (tool === "kubectl") return { _tag: "Suitable", version: version.text };
  if (!isSupportedHelm(version)) {
    return { _tag: "Unsuitable", why: `${version.text} is not supported; Helm 3 or 4 is needed` };
  }
  const flaw = knownBadHelm(version);
  return flaw === undefined
    ? { _tag: "Suitable", version: version.text }
    : { _tag: "Unsuitable", why: `${version.text} is known to be bad: ${flaw}` };
};

const numbers = (version: string) => version.replace(/^v/, "").split(".").map(Number);

export const newestFirst = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index === -1 ? 0 : (right[index] ?? 0) - (left[index] ?? 0);
};

export const isVersionFolder = (name: string): boolean => /^v?\d+\.\d+\.\d+$/.test(name);
