import { type HelmVersion, isSupportedHelm, parseHelmVersion } from "../helm/version.ts";
import type { ToolName } from "./pins.ts";

/** What certain versions of Helm do wrong. */
export type HelmFlaw = "rollback-fails" | "wait-hangs";

/** Versions that would do harm here. */
const knownBadHelm = ({ major, minor, patch }: HelmVersion): HelmFlaw | undefined => {
  if (major !== 4) return undefined;
  if (minor === 1 || (minor === 0 && patch <= 4)) return "rollback-fails";
  return minor === 2 && patch === 1 ? "wait-hangs" : undefined;
};

type Suitability =
  | { readonly _tag: "Suitable"; readonly version: string }
  | { readonly _tag: "Unsuitable"; readonly why: Unsuitability };

export type Unsuitability =
  | { readonly _tag: "NoVersion" }
  | { readonly _tag: "TooOld"; readonly version: string; readonly oldest: string }
  | { readonly _tag: "Unsupported"; readonly version: string }
  | { readonly _tag: "KnownBad"; readonly version: string; readonly flaw: HelmFlaw };

/** The oldest one whose command line and messages are known here; it is the first pinned one too. */
const OLDEST_CRANE = { major: 0, minor: 22, patch: 1 };

const judgeCrane = ({ text, major, minor, patch }: HelmVersion): Suitability => {
  const oldest = OLDEST_CRANE;
  const steps = [major - oldest.major, minor - oldest.minor, patch - oldest.patch];
  return (steps.find((step) => step !== 0) ?? 0) >= 0
    ? { _tag: "Suitable", version: text }
    : { _tag: "Unsuitable", why: { _tag: "TooOld", version: text, oldest: "0.22.1" } };
};

/** Judges a tool that was not installed by us, from what it says of its version. */
export const judgeTool = (tool: ToolName, text: string): Suitability => {
  const version = parseHelmVersion(text);
  if (version === undefined) return { _tag: "Unsuitable", why: { _tag: "NoVersion" } };
  if (tool === "kubectl") return { _tag: "Suitable", version: version.text };
  if (tool === "crane") return judgeCrane(version);
  if (!isSupportedHelm(version)) {
    return { _tag: "Unsuitable", why: { _tag: "Unsupported", version: version.text } };
  }
  const flaw = knownBadHelm(version);
  return flaw === undefined
    ? { _tag: "Suitable", version: version.text }
    : { _tag: "Unsuitable", why: { _tag: "KnownBad", version: version.text, flaw } };
};

const numbers = (version: string) => version.replace(/^v/, "").split(".").map(Number);

export const newestFirst = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index === -1 ? 0 : (right[index] ?? 0) - (left[index] ?? 0);
};

export const isVersionFolder = (name: string): boolean => /^v?\d+\.\d+\.\d+$/.test(name);
