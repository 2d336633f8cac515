/** The API server's own refusals, told apart by their texts. */

import { kubectl } from "../hints/hint.ts";
import { type CrdRefusal, lookAt } from "./refusal.ts";
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
  return {
    kind: "AdmissionDenied",
    crd,
    reason: `denied by ${policy === undefined ? `admission${webhook === undefined ? "" : ` webhook ${webhook}`}` : `admission policy ${policy}`}: ${oneLine(detail)}`,
    remedy: {
      title: "Read the rule that says no, and change it or have its owner make an exception:",
      commands: [
        policy === undefined
          ? kubectl("get", "validatingwebhookconfigurations,mutatingwebhookconfigurations")
          : kubectl("get", "validatingadmissionpolicy", policy, "-o", "yaml"),
      ],
    },
  };
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
      kind: immutable === undefined ? "ServerRefused" : "ScopeOrKindChanged",
      crd,
      reason: oneLine(detail),
      remedy: { title: "Look at what is on the cluster:", commands: [lookAt(crd)] },
    }
  );
};
