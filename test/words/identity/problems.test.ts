import { assert, it } from "@effect/vitest";
import type { IdentityProblem } from "../../../src/domain/identity/identity.ts";
import { describeIdentityProblem } from "../../../src/words/identity/problems.ts";

it.each<[IdentityProblem["field"], IdentityProblem["expected"], string]>([
  [undefined, { _tag: "Json" }, "expected JSON"],
  [undefined, { _tag: "JsonObject" }, "expected a JSON object"],
  ["type", { _tag: "Type" }, 'type: expected "service_account"'],
  ["serveUrl", { _tag: "Url" }, "serveUrl: expected an http:// or https:// URL"],
  [
    "privateKey",
    { _tag: "PrivateKey" },
    "privateKey: expected an unencrypted private key in PEM format",
  ],
  [
    "privateKey",
    { _tag: "SigningKey", found: { _tag: "Rsa", bits: 512 } },
    "privateKey: expected a key that can sign tokens (RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519), found RSA of 512 bits",
  ],
  [
    "privateKey",
    { _tag: "SigningKey", found: { _tag: "Named", name: "ed448" } },
    "privateKey: expected a key that can sign tokens (RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519), found ed448",
  ],
  ["keyId", { _tag: "OneLine" }, "keyId: expected one line of text without control characters"],
  ["customer", { _tag: "Text" }, "customer: expected a string"],
  [
    "keyId",
    { _tag: "FilledText", isNumber: true },
    "keyId: expected a string that is not empty, found a number: put it in quotes",
  ],
])("%s: %j", (field, expected, words) => {
  assert.strictEqual(describeIdentityProblem({ field, isMissing: false, expected }), words);
});

it("a field that is missing is said to be", () => {
  const expected = { _tag: "FilledText", isNumber: false } as const;
  assert.strictEqual(
    describeIdentityProblem({ field: "keyId", isMissing: true, expected }),
    "keyId: missing; expected a string that is not empty",
  );
});
