/**
 * The certificate under which the API server calls the AI Gateway's webhook. Once it has expired no new data-plane pod can be
 * created, since the webhook fails closed.
 */
import { X509Certificate } from "node:crypto";
import { type KubeObject, stringAt } from "./kube.ts";

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

const dateOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** `renewed`: this upgrade brings a new one; `undefined` when that is not known. */
export const certificateWarning = (
  expiresAt: number,
  now: number,
  renewed: boolean | undefined,
): string | undefined => {
  const days = Math.floor((expiresAt - now) / DAY);
  if (days >= WARN_WITHIN_DAYS) return undefined;
  const when =
    expiresAt <= now
      ? `expired on ${dateOf(expiresAt)}: no data-plane pod can be created under it`
      : `expires on ${dateOf(expiresAt)}, in ${days} ${days === 1 ? "day" : "days"}; after that no data-plane pod can be created`;
  const then =
    renewed === undefined
      ? ""
      : renewed
        ? "; this upgrade renews it"
        : `; this upgrade keeps it: delete Secret ${WEBHOOK_CERTIFICATE_SECRET} first to have it made again`;
  return `the certificate of the AI Gateway's webhook ${when}${then}`;
};
