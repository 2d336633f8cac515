import { Clock, Effect, Redacted } from "effect";
import {
  certificateExpiry,
  certificateWarning,
  WEBHOOK_CERTIFICATE_SECRET,
} from "../../../domain/checks/webhook-certificate.ts";
import type { KubeObject } from "../../../domain/kube/objects.ts";
import type { Finding } from "../check.ts";
import type { Rendering } from "../release-facts.ts";

/** The certificate of the webhook that the pods are injected by, when it ends soon or has ended. */
export const findOldCertificate = Effect.fnUntraced(function* (
  live: KubeObject | undefined,
  { release, withoutServer }: Rendering,
): Effect.fn.Return<Finding> {
  const expiresAt = live === undefined ? undefined : certificateExpiry(live);
  if (expiresAt === undefined) return {};
  const next = Redacted.value(release).objects.find(
    ({ kind, metadata }) => kind === "Secret" && metadata.name === WEBHOOK_CERTIFICATE_SECRET,
  );
  // Without the server every rendering makes a new one.
  const renewed =
    withoutServer === undefined
      ? next !== undefined && certificateExpiry(next) !== expiresAt
      : undefined;
  const warning = certificateWarning(expiresAt, yield* Clock.currentTimeMillis, renewed);
  return warning === undefined ? {} : { warnings: [warning] };
});
