import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { assert, describe, it } from "@effect/vitest";
import { Redacted, Result, Schema } from "effect";
import {
  decodeIdentity,
  type Expectation,
  type IdentityProblem,
} from "../../../src/domain/identity/identity.ts";
import { IDENTITY_SECRET, identitySecret } from "../../../src/domain/identity/identity-secret.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed25519 = generateKeyPairSync("ed25519");

const pem = (text: string | Buffer): string => String(text);
const RSA_PKCS8 = pem(rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
const PUBLIC_KEY = pem(ec.publicKey.export({ type: "spki", format: "pem" }));
const ENCRYPTED_KEY = pem(
  ec.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "pw" }),
);

const VALID = {
  type: "service_account",
  workspaceId: "ws-1",
  serviceAccountId: "sa-1",
  keyId: "key-1",
  privateKey: pem(ec.privateKey.export({ type: "pkcs8", format: "pem" })),
  managementPlaneUrl: "https://manage.example.com",
};

const decodeText = (text: string) => decodeIdentity(Redacted.make(text));
const decode = (fields: Readonly<Record<string, unknown>>) => decodeText(JSON.stringify(fields));

const problemsOf = (text: string): ReadonlyArray<IdentityProblem> =>
  Result.match(decodeText(text), {
    onSuccess: () => assert.fail("the file was accepted"),
    onFailure: (problems) => problems,
  });

const without = (field: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(VALID).filter(([key]) => key !== field));

const TYPE: Expectation = { _tag: "Type" };
const TEXT: Expectation = { _tag: "FilledText", isNumber: false };
const KEY: Expectation = { _tag: "PrivateKey" };
const URL_TEXT: Expectation = { _tag: "Url" };

const whole = (expected: Expectation): IdentityProblem => ({
  field: undefined,
  isMissing: false,
  expected,
});

const EXPECTED: ReadonlyArray<readonly [string, Expectation]> = [
  ["type", TYPE],
  ["workspaceId", TEXT],
  ["serviceAccountId", TEXT],
  ["keyId", TEXT],
  ["privateKey", KEY],
  ["managementPlaneUrl", URL_TEXT],
];

describe("a file that is no identity at all", () => {
  it.each([
    ["nothing", ""],
    ["prose", "this is not JSON"],
    ["half a file", JSON.stringify(VALID).slice(0, -20)],
    ["YAML", "type: service_account\nkeyId: x\n"],
    ["a bare PEM key", VALID.privateKey],
  ])("%s is not JSON", (_, text) => {
    assert.deepStrictEqual(problemsOf(text), [whole({ _tag: "Json" })]);
  });

  it.each([
    ["an array", `[${JSON.stringify(VALID)}]`],
    ["a string", '"service_account"'],
    ["a number", "7"],
    ["null", "null"],
  ])("%s is not a JSON object", (_, text) => {
    assert.deepStrictEqual(problemsOf(text), [whole({ _tag: "JsonObject" })]);
  });
});

describe("a field of the identity file", () => {
  it.each(EXPECTED)("%s is required, and said to be missing", (field, expected) => {
    assert.deepStrictEqual(problemsOf(JSON.stringify(without(field))), [
      { field, isMissing: true, expected },
    ]);
  });

  it.each(
    EXPECTED.flatMap(([field, expected]) =>
      [true, null, "", ["x"], { a: "x" }].map((value) => [field, value, expected] as const),
    ),
  )("%s may not be %j", (field, value, expected) => {
    assert.deepStrictEqual(problemsOf(JSON.stringify({ ...VALID, [field]: value })), [
      { field, isMissing: false, expected },
    ]);
  });

  it.each([
    ["type", "authorized_user", TYPE],
    ["type", "Service_Account", TYPE],
    ["privateKey", PUBLIC_KEY, KEY],
    ["privateKey", ENCRYPTED_KEY, KEY],
    ["privateKey", "-----BEGIN PRIVATE KEY-----\nZ2FyYmFnZQ==\n-----END PRIVATE KEY-----\n", KEY],
    ["privateKey", "-----BEGIN PRIVATE KEY-----", KEY],
    ["privateKey", VALID.privateKey.slice(0, 80), KEY],
    ["privateKey", "/etc/keys/private.pem", KEY],
    ["managementPlaneUrl", "ftp://manage.example.com", URL_TEXT],
    ["managementPlaneUrl", "file:///etc/passwd", URL_TEXT],
    ["managementPlaneUrl", "javascript:alert(1)", URL_TEXT],
    ["managementPlaneUrl", "manage.example.com", URL_TEXT],
    ["managementPlaneUrl", "//manage.example.com", URL_TEXT],
    ["managementPlaneUrl", "https://", URL_TEXT],
    ["serveUrl", "ftp://serve.example.com", URL_TEXT],
    ["serveUrl", "", URL_TEXT],
    ["serveUrl", 443, URL_TEXT],
  ] as const)("%s may not be %j", (field, value, expected) => {
    assert.deepStrictEqual(problemsOf(JSON.stringify({ ...VALID, [field]: value })), [
      { field, isMissing: false, expected },
    ]);
  });

  it.each(["serveUrl", "managementPlaneUrl"])("%s may have no host of any length", (field) => {
    const long = `https://a.example${"NaN".repeat(60_000)}`;
    assert.deepStrictEqual(problemsOf(JSON.stringify({ ...VALID, [field]: long })), [
      { field, isMissing: false, expected: URL_TEXT },
    ]);
  });

  it.each(["customer", "environment", "serveUrl"])("%s may be absent but not null", (field) => {
    assert.isTrue(Result.isSuccess(decode(VALID)));
    assert.deepStrictEqual(
      problemsOf(JSON.stringify({ ...VALID, [field]: null })).map((problem) => problem.field),
      [field],
    );
  });
});

it("everything that is wrong is reported at once", () => {
  const problems = problemsOf(
    JSON.stringify({
      type: "user",
      workspaceId: 7,
      serviceAccountId: "",
      privateKey: PUBLIC_KEY,
      managementPlaneUrl: "ftp://x",
      customer: false,
      serveUrl: "nope",
    }),
  );
  assert.sameMembers(
    problems.map(({ field }) => field ?? ""),
    [
      "type",
      "workspaceId",
      "serviceAccountId",
      "keyId",
      "privateKey",
      "managementPlaneUrl",
      "customer",
      "serveUrl",
    ],
  );
  assert.deepInclude(
    problems.find(({ field }) => field === "keyId"),
    { isMissing: true, expected: TEXT },
  );
});

it("an empty object is told every required field", () => {
  assert.deepStrictEqual(
    problemsOf("{}").map(({ field }) => field),
    EXPECTED.map(([field]) => field),
  );
});

it.prop(
  "no problem quotes a value, whatever is in the file",
  [Schema.String.check(Schema.isMinLength(8)), Schema.Literals(EXPECTED.map(([field]) => field))],
  ([value, field]) => {
    const marked = `S3CR3T${value}S3CR3T`;
    const outcome = decode({ ...VALID, type: "wrong", [field]: marked, extra: marked });
    const said = Result.isFailure(outcome) ? outcome.failure : assert.fail("was accepted");
    assert.notInclude(JSON.stringify(said), "S3CR3T");
    assert.notInclude(inspect(said, { depth: 9 }), "S3CR3T");
  },
);

it("a good key in a bad file is never quoted", () => {
  const body = VALID.privateKey.split("\n")[1] as string;
  const problems = problemsOf(JSON.stringify({ ...VALID, type: "x", keyId: 1 }));
  assert.notInclude(inspect(problems, { depth: 9 }), body);
  assert.notInclude(inspect(problemsOf(`${JSON.stringify(VALID)}}`), { depth: 9 }), body);
});

describe("an accepted identity", () => {
  it.each([
    ["RSA in PKCS8", RSA_PKCS8],
    ["RSA in PKCS1", pem(rsa.privateKey.export({ type: "pkcs1", format: "pem" }))],
    ["EC in PKCS8", VALID.privateKey],
    ["EC in SEC1", pem(ec.privateKey.export({ type: "sec1", format: "pem" }))],
    ["Ed25519 in PKCS8", pem(ed25519.privateKey.export({ type: "pkcs8", format: "pem" }))],
    ["CRLF line ends", VALID.privateKey.replaceAll("\n", "\r\n")],
  ])("may have a key that is %s", (_, privateKey) => {
    const decoded = Result.getOrThrow(decode({ ...VALID, privateKey }));
    assert.strictEqual(Redacted.value(decoded.identity.privateKey), privateKey);
  });

  it("may begin with a byte-order mark, as some editors write it", () => {
    assert.isTrue(Result.isSuccess(decodeText(`\uFEFF${JSON.stringify(VALID)}`)));
  });

  it.each([
    [{ _tag: "Named", name: "x25519" }, generateKeyPairSync("x25519")],
    [{ _tag: "Named", name: "ed448" }, generateKeyPairSync("ed448")],
    [{ _tag: "Named", name: "secp256k1" }, generateKeyPairSync("ec", { namedCurve: "secp256k1" })],
    [{ _tag: "Rsa", bits: 512 }, generateKeyPairSync("rsa", { modulusLength: 512 })],
    [{ _tag: "Rsa", bits: 1024 }, generateKeyPairSync("rsa", { modulusLength: 1024 })],
    [{ _tag: "Rsa", bits: 1024 }, generateKeyPairSync("rsa-pss", { modulusLength: 1024 })],
    // Of DSA, too, Node tells the bits.
    [
      { _tag: "Rsa", bits: 1024 },
      generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }),
    ],
  ] as const)("has a key that can sign a token, which %j cannot", (found, { privateKey }) => {
    const unfit = pem(privateKey.export({ type: "pkcs8", format: "pem" }));
    assert.deepStrictEqual(problemsOf(JSON.stringify({ ...VALID, privateKey: unfit })), [
      { field: "privateKey", isMissing: false, expected: { _tag: "SigningKey", found } },
    ]);
  });

  const lines = VALID.privateKey.trim().split("\n");
  it.each([
    ["\\n in their place", VALID.privateKey.replaceAll("\n", "\\n")],
    ["\\r\\n in their place", VALID.privateKey.replaceAll("\n", "\\r\\n")],
    ["nothing in their place", lines.join("")],
    ["spaces in their place", lines.join(" ")],
    ["white space around it", `\n  ${VALID.privateKey}  \n`],
  ])("may have a key whose line breaks were lost, with %s", (_, privateKey) => {
    const { identity } = Result.getOrThrow(decode({ ...VALID, privateKey }));
    const key = createPrivateKey(Redacted.value(identity.privateKey));
    assert.isTrue(key.equals(ec.privateKey));
  });

  it("has no white space at the ends of its values", () => {
    const file = {
      ...VALID,
      workspaceId: "ws-1\n",
      serviceAccountId: " sa-1",
      keyId: "key-1\r\n",
      managementPlaneUrl: "https://manage.example.com\n",
    };
    const { identity } = Result.getOrThrow(decode(file));
    const { workspaceId, serviceAccountId, keyId, managementPlaneUrl } = identity;
    assert.deepStrictEqual(
      { workspaceId, serviceAccountId, keyId, managementPlaneUrl },
      {
        workspaceId: VALID.workspaceId,
        serviceAccountId: VALID.serviceAccountId,
        keyId: VALID.keyId,
        managementPlaneUrl: VALID.managementPlaneUrl,
      },
    );
  });

  it.each([
    [7, { _tag: "FilledText", isNumber: true }],
    [" \n", TEXT],
    ["a\nb", { _tag: "OneLine" }],
    ["a\u001b[2Jb", { _tag: "OneLine" }],
  ] as const)("has ids of text, not %j", (workspaceId, expected) => {
    assert.deepStrictEqual(problemsOf(JSON.stringify({ ...VALID, workspaceId })), [
      { field: "workspaceId", isMissing: false, expected },
    ]);
  });

  it("keeps every known field as it was written", () => {
    const file = {
      ...VALID,
      managementPlaneUrl: "http://127.0.0.1:8080/base",
      customer: "",
      environment: "prod",
      serveUrl: "https://serve.example.com",
    };
    const { identity, unknownFields } = Result.getOrThrow(decode(file));
    assert.deepStrictEqual(
      { ...identity, privateKey: Redacted.value(identity.privateKey) },
      file as never,
    );
    assert.deepStrictEqual(unknownFields, []);
  });

  it("ignores unknown fields and lists them", () => {
    const text = JSON.stringify({ ...VALID, region: "eu", nested: { type: "x" } }).replace(
      /}$/,
      ',"__proto__":{"polluted":1},"constructor":1}',
    );
    const { identity, unknownFields } = Result.getOrThrow(decodeText(text));
    assert.sameMembers([...unknownFields], ["region", "nested", "__proto__", "constructor"]);
    assert.notProperty(identity, "region");
    assert.notProperty(identity, "polluted");
  });

  it("does not show its key when printed or serialised", () => {
    const decoded = Result.getOrThrow(decode(VALID));
    const body = VALID.privateKey.split("\n")[1] as string;
    assert.notInclude(JSON.stringify(decoded), body);
    assert.notInclude(inspect(decoded, { depth: 9, showHidden: true }), body);
    assert.notInclude(`${decoded.identity.privateKey}`, body);
  });
});

describe("the identity Secret", () => {
  const { identity } = Result.getOrThrow(decode({ ...VALID, customer: "acme", region: "eu" }));
  const secret = identitySecret(identity, "tars-system");

  it("is an Opaque Secret of a fixed name in the system namespace", () => {
    assert.strictEqual(secret.kind, "Secret");
    assert.strictEqual(secret.apiVersion, "v1");
    assert.strictEqual(secret.type, "Opaque");
    assert.strictEqual(IDENTITY_SECRET, "tars-identity");
    assert.strictEqual(secret.metadata.name, IDENTITY_SECRET);
    assert.strictEqual(secret.metadata.namespace, "tars-system");
    assert.deepStrictEqual(secret.metadata.labels, { "app.kubernetes.io/managed-by": "tare" });
  });

  it("holds an identity file that decodes to the same identity", () => {
    const data = secret.data as Readonly<Record<string, string>>;
    assert.deepStrictEqual(Object.keys(data), ["identity.json"]);
    const text = Buffer.from(data["identity.json"] as string, "base64").toString("utf8");
    const again = Result.getOrThrow(decodeText(text));
    assert.strictEqual(Redacted.value(again.identity.privateKey), VALID.privateKey);
    assert.deepStrictEqual({ ...again.identity, privateKey: "" }, {
      ...identity,
      privateKey: "",
    } as never);
    assert.deepStrictEqual(again.unknownFields, []);
  });

  it("has the key nowhere but in its data", () => {
    const body = VALID.privateKey.split("\n")[1] as string;
    assert.notInclude(JSON.stringify(secret), body);
  });
});
