/**
 * The certificate under which the API server calls the AI Gateway's webhook. Once it has expired no new data-plane pod can be
 * created, since the webhook fails closed.
 */
import { X509Certificate } from "node:crypto";
import { type KubeObject, stringAt } from "../kube/objects.ts";
import type { Warning } from "../report/warning.ts";

export const WEBHOOK_CERTIFICATE_SECRET = "ai-gateway-webhook-cert";

const DAY = 24 * 60 * 60 * 1000;
const WARN_WITHIN_DAYS = 30;

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/;

/** Milliseconds; `undefined` when the Secret holds no certificate that can be read. */
export const certificateExpiry = (secret: KubeObject): number | undefined => {
  const encoded = stringAt(secret, "data", "tls.crt");
  const pem = PEM.exec(Buffer.from(encoded ?? "", "base64").toString())?.[0];
  if (pem === undefined) return undefined;
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
};

/** `renewed`: this upgrade brings a new one; `undefined` when that is not known. */
export const certificateWarning = (
  expiresAt: number,
  now: number,
  renewed: boolean | undefined,
): Warning | undefined => {
  const days = Math.floor((expiresAt - now) / DAY);
  if (days >= WARN_WITHIN_DAYS) return undefined;
  return expiresAt <= now
    ? { code: "webhook-certificate-expired", expiresAtMillis: expiresAt, renewed }
    : { code: "webhook-certificate-expires", expiresAtMillis: expiresAt, days, renewed };
};
