import { Redacted, Result, Schema, SchemaIssue } from "effect";
import { algorithmOf, kindOf, privateKeyOf, USABLE_KEYS, withLineBreaks } from "./signing-key.ts";

const AN_URL = "expected an http:// or https:// URL";
const A_KEY = "expected an unencrypted private key in PEM format";

/** What is wrong with a key, if anything. */
const keyProblem = (pem: unknown): string | undefined => {
  const key = typeof pem === "string" ? privateKeyOf(pem) : undefined;
  if (key === undefined) return A_KEY;
  return algorithmOf(key) === undefined
    ? `expected a key that can sign tokens (${USABLE_KEYS}), found ${kindOf(key)}`
    : undefined;
};

const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);

const A_TEXT = "expected a string that is not empty";
const ONE_LINE = "expected one line of text without control characters";

const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

const Text = Schema.String.check(
  Schema.makeFilter((text: string) => (text.length > 0 && isOneLine(text)) || A_TEXT),
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
    Schema.String.check(Schema.makeFilter((text: string) => keyProblem(text) ?? true)),
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
export interface Identity extends Schema.Schema.Type<typeof Identity> {}

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

/** What should have been there instead of `value`, which is not quoted: it can be a secret in the wrong place. */
const expectationOf = (field: string, value: unknown): string => {
  if (field === "privateKey") return keyProblem(value) ?? A_KEY;
  const known = EXPECTATIONS[field];
  if (known !== undefined) return known;
  if (typeof value === "number") return `${A_TEXT}, found a number: put it in quotes`;
  return typeof value === "string" && value.length > 0 ? ONE_LINE : A_TEXT;
};

/** What copying and templates leave at the ends of a value, and take from a key, is no part of it. */
const tidied = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value !== "string" || !KNOWN_FIELDS.has(name)) return [name, value];
      if (name !== "privateKey") return [name, value.trim()];
      return [name, privateKeyOf(value) === undefined ? withLineBreaks(value) : value];
    }),
  );

/**
 * Reads the text of an identity file; every problem is reported at once, and none of them quotes a value. White space
 * around a value is no part of it, and a key whose line breaks were lost gets them back.
 */
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
  const fields = tidied(parsed as Record<string, unknown>);
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
          const expected = expectationOf(field, fields[field]);
          return { field, expected: missing ? `missing; ${expected}` : expected };
        }),
      ),
  });
};
