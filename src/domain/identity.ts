import { createPrivateKey } from "node:crypto";
import { Redacted, Result, Schema, SchemaIssue } from "effect";

/** Key types that can sign; X25519 and the like only agree on secrets. */
const SIGNING_KEYS: ReadonlySet<string | undefined> = new Set([
  "rsa",
  "rsa-pss",
  "ec",
  "ed25519",
  "ed448",
]);

const AN_URL = "expected an http:// or https:// URL";
const A_KEY = "expected an unencrypted private key in PEM format";

const isPemPrivateKey = (text: string): boolean => {
  try {
    return SIGNING_KEYS.has(createPrivateKey(text).asymmetricKeyType);
  } catch {
    return false;
  }
};

const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);

const Text = Schema.String.check(
  Schema.isMinLength(1, { message: "expected a string that is not empty" }),
);

/**
 * The service account file that `tare install` was given: who this data plane is to the management plane. Unknown
 * fields are ignored, so that a newer management plane may add some.
 */
export const Identity = Schema.Struct({
  type: Schema.Literal("service_account"),
  workspaceId: Text,
  serviceAccountId: Text,
  keyId: Text,
  privateKey: Schema.RedactedFromValue(
    Schema.String.check(Schema.makeFilter((text: string) => isPemPrivateKey(text) || A_KEY)),
    { label: "privateKey" },
  ),
  managementPlaneUrl: Schema.String.check(
    Schema.makeFilter((text: string) => isHttpUrl(text) || AN_URL),
  ),
  customer: Schema.optionalKey(Schema.String),
  environment: Schema.optionalKey(Schema.String),
  serveUrl: Schema.optionalKey(
    Schema.String.check(Schema.makeFilter((text: string) => isHttpUrl(text) || AN_URL)),
  ),
});
export type Identity = typeof Identity.Type;

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(Identity.fields));

/** `field` is `undefined` when the file as a whole is at fault. */
export interface IdentityProblem {
  readonly field: string | undefined;
  readonly expected: string;
}

export interface DecodedIdentity {
  readonly identity: Identity;
  readonly unknownFields: ReadonlyArray<string>;
}

const decode = Schema.decodeUnknownResult(Identity, { errors: "all" });
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1();

const EXPECTATIONS: Readonly<Record<string, string>> = {
  type: 'expected "service_account"',
  privateKey: A_KEY,
  managementPlaneUrl: AN_URL,
  serveUrl: AN_URL,
  customer: "expected a string",
  environment: "expected a string",
};

/** Reads the text of an identity file; every problem is reported at once, and none of them quotes a value. */
export const decodeIdentity = (
  text: Redacted.Redacted<string>,
): Result.Result<DecodedIdentity, ReadonlyArray<IdentityProblem>> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Redacted.value(text).replace(/^\uFEFF/, ""));
  } catch {
    return Result.fail([{ field: undefined, expected: "expected JSON" }]);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return Result.fail([{ field: undefined, expected: "expected a JSON object" }]);
  }
  const fields = parsed as Record<string, unknown>;
  return Result.match(decode(fields), {
    onSuccess: (identity) =>
      Result.succeed({
        identity,
        unknownFields: Object.keys(fields).filter((field) => !KNOWN_FIELDS.has(field)),
      }),
    onFailure: (error) =>
      Result.fail(
        formatIssue(error.issue).issues.map((issue) => {
          const field = String(issue.path?.[0] ?? "");
          const missing = !Object.hasOwn(fields, field);
          const expected = EXPECTATIONS[field] ?? "expected a string that is not empty";
          return { field, expected: missing ? `missing; ${expected}` : expected };
        }),
      ),
  });
};
