/** The API server's own refusals, told apart by their texts. */

import type { CrdRefusal } from "./refusal.ts";
import { storedVersionRefusal } from "./verdict.ts";
import type { CrdView } from "./view.ts";

/** Until 1.32 "must appear in spec.versions", since then "missing from spec.versions; ...". */
const STORED_VERSION =
  /status\.storedVersions\[\d+\]: Invalid value: "([^"]+)": (?:must appear in|missing from) spec\.versions/g;

const POLICY = /ValidatingAdmissionPolicy '([^']+)'/;
const WEBHOOK = /admission webhook "([^"]+)"/;
const IMMUTABLE = /(spec\.(?:scope|names\.\w+|group)): Invalid value: .*field is immutable/;

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

const admissionRefusal = (crd: string, detail: string): CrdRefusal | undefined => {
  const [policy, webhook] = [POLICY.exec(detail)?.[1], WEBHOOK.exec(detail)?.[1]];
  if (policy === undefined && webhook === undefined && !/denied the request/.test(detail)) {
    return undefined;
  }
  return { _tag: "AdmissionDenied", crd, policy, webhook, detail: oneLine(detail) };
};

/** `live` is absent for a CRD that would be created. */
export const serverRefusal = (
  crd: string,
  detail: string,
  live: CrdView | undefined,
  next: CrdView,
): CrdRefusal => {
  const stored = [...detail.matchAll(STORED_VERSION)].map(([, version = ""]) => version);
  if (stored.length > 0 && live !== undefined) return storedVersionRefusal(live, next, stored);
  const immutable = IMMUTABLE.exec(detail)?.[1];
  return (
    admissionRefusal(crd, detail) ?? {
      _tag: immutable === undefined ? "ServerRefused" : "FieldImmutable",
      crd,
      detail: oneLine(detail),
    }
  );
};
