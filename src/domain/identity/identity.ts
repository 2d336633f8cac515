import { Redacted, Result, Schema, SchemaIssue } from "effect";
import { algorithmOf, type KeyKind, kindOf, privateKeyOf, withLineBreaks } from "./signing-key.ts";

/** What should have been there. */
export type Expectation =
  | { readonly _tag: "Json" | "JsonObject" | "Type" | "Url" | "PrivateKey" | "OneLine" | "Text" }
  | { readonly _tag: "SigningKey"; readonly found: KeyKind }
  /** It must not be empty. */
  | { readonly _tag: "FilledText"; readonly isNumber: boolean };

/** What is wrong with a key, if anything. */
const keyProblem = (pem: unknown): Expectation | undefined => {
  const key = typeof pem === "string" ? privateKeyOf(pem) : undefined;
  if (key === undefined) return { _tag: "PrivateKey" };
  return algorithmOf(key) === undefined ? { _tag: "SigningKey", found: kindOf(key) } : undefined;
};

const isHttpUrl = (text: string): boolean =>
  ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "");

const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

const Text = Schema.String.check(
  Schema.makeFilter((text: string) => text.length > 0 && isOneLine(text)),
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
    Schema.String.check(Schema.makeFilter((text: string) => keyProblem(text) === undefined)),
    { label: "privateKey" },
  ),
  managementPlaneUrl: Schema.String.check(Schema.makeFilter(isHttpUrl)),
  customer: Schema.optionalKey(Schema.String),
  environment: Schema.optionalKey(Schema.String),
  serveUrl: Schema.optionalKey(Schema.String.check(Schema.makeFilter(isHttpUrl))),
});
export interface Identity extends Schema.Schema.Type<typeof Identity> {}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(Identity.fields));

/** `field` is `undefined` when the file as a whole is at fault. */
export interface IdentityProblem {
  readonly field: string | undefined;
  readonly isMissing: boolean;
  readonly expected: Expectation;
}

export interface DecodedIdentity {
  readonly identity: Identity;
  readonly unknownFields: ReadonlyArray<string>;
}

const decode = Schema.decodeUnknownResult(Identity, { errors: "all" });
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1();

const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  type: { _tag: "Type" },
  privateKey: { _tag: "PrivateKey" },
  managementPlaneUrl: { _tag: "Url" },
  serveUrl: { _tag: "Url" },
  customer: { _tag: "Text" },
  environment: { _tag: "Text" },
};

/** What should have been there instead of `value`, which is not quoted: it can be a secret in the wrong place. */
const expectationOf = (field: string, value: unknown): Expectation => {
  if (field === "privateKey") return keyProblem(value) ?? { _tag: "PrivateKey" };
  const known = EXPECTATIONS[field];
  if (known !== undefined) return known;
  return typeof value === "string" && value.length > 0
    ? { _tag: "OneLine" }
    : { _tag: "FilledText", isNumber: typeof value === "number" };
};

const unusable = (expected: Expectation): IdentityProblem => ({
  field: undefined,
  isMissing: false,
  expected,
});

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
    return Result.fail([unusable({ _tag: "Json" })]);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return Result.fail([unusable({ _tag: "JsonObject" })]);
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
          const isMissing = !Object.hasOwn(fields, field);
          return { field, isMissing, expected: expectationOf(field, fields[field]) };
        }),
      ),
  });
};
