import { assert, describe, it } from "@effect/vitest";
import {
  certificateExpiry,
  certificateWarning,
} from "../../../src/domain/checks/webhook-certificate.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  WEBHOOK_CERTIFICATE,
  WEBHOOK_CERTIFICATE_EXPIRY,
} from "../../fakes/fixtures/webhook-certificate.ts";

const EXPIRY = WEBHOOK_CERTIFICATE_EXPIRY;
const CERTIFICATE = WEBHOOK_CERTIFICATE;

const secretWith = (text: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "ai-gateway-webhook-cert", namespace: "tars-system" },
  data: { "tls.crt": Buffer.from(text).toString("base64") },
});

describe("the webhook's certificate", () => {
  it("says when it ends", () => {
    assert.strictEqual(certificateExpiry(secretWith(CERTIFICATE)), EXPIRY);
    assert.strictEqual(
      certificateExpiry(secretWith(`# a chain\n${CERTIFICATE}${CERTIFICATE}`)),
      EXPIRY,
    );
  });

  it.each(["", "no certificate", CERTIFICATE.replace("MII", "AAA")])(
    "that cannot be read says nothing (%#)",
    (text) => {
      assert.isUndefined(certificateExpiry(secretWith(text)));
    },
  );

  it("is worth a word a month before it ends, not sooner", () => {
    const daysBefore = (days: number) => EXPIRY - days * 24 * 60 * 60 * 1000;
    assert.isUndefined(certificateWarning(EXPIRY, daysBefore(30), false));
    const expires = { expiresAtMillis: EXPIRY, renewed: false };
    assert.deepStrictEqual(certificateWarning(EXPIRY, daysBefore(29), false), {
      code: "webhook-certificate-expires",
      ...expires,
      days: 29,
    });
    assert.deepStrictEqual(certificateWarning(EXPIRY, EXPIRY, false), {
      code: "webhook-certificate-expired",
      ...expires,
    });
  });
});
