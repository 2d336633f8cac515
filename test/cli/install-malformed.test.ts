/** Input of an installation that is wrong: every row is told by an error of its own, and nothing is written. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { EMPTY, FakeCluster, FakeManagementPlane, PRIVATE_KEY, world } from "../fakes/index.ts";
import { summaryOf } from "../output-schema.ts";
import { type CliOptions, clusterObjects, IDENTITY_JSON, runCli, withoutField } from "./support.ts";

const PASSWORD = "malformed-pull-password-4711";
const AUTH = Buffer.from(`robot:${PASSWORD}`).toString("base64");
const config = (auths: unknown): string => JSON.stringify({ auths });
const GOOD_CONFIG = config({ "gcr.io": { auth: AUTH } });
const HEADER = "Bearer malformed-row-token-4711";
/** What every run of this table is given besides its own words, so that there is something to leak. */
const SECRETS = { TARE_OTEL_EXPORTER_AUTH_HEADERS: HEADER, TARE_IMAGE_PULL_SECRET: GOOD_CONFIG };
const KEY_BODY = PRIVATE_KEY.split("\n")[1] ?? "";
const LEAKS = [PASSWORD, AUTH, Buffer.from(GOOD_CONFIG).toString("base64"), HEADER, KEY_BODY];

const REGISTRY = ["--image-registry", "gcr.io/acme/tars"];

interface Row {
  readonly title: string;
  /** The error as `--output json` names it. */
  readonly error: string;
  readonly says: RegExp;
  readonly flags?: ReadonlyArray<string>;
  readonly options?: CliOptions;
  /** Must not be printed either. */
  readonly secret?: string;
}

const flag = (title: string, flags: ReadonlyArray<string>, says: RegExp): Row => ({
  ...{ title, flags, says, error: "Usage" },
});

const invalid = (title: string, flags: ReadonlyArray<string>, says: RegExp): Row => ({
  ...{ title, flags, says, error: "InvalidFlag" },
});

const identity = (title: string, value: unknown, says: RegExp): Row => ({
  ...{ title, says, error: "InvalidIdentity", options: { identity: value } },
});

const pullSecret = (title: string, text: string, says: RegExp, secret = PASSWORD): Row => ({
  ...{ title: `a pull secret ${title}`, says, error: "InvalidFlag", flags: REGISTRY, secret },
  options: { env: { ...SECRETS, TARE_IMAGE_PULL_SECRET: text } },
});

const IDENTITY_ROWS: ReadonlyArray<Row> = [
  {
    title: "an identity file without a word",
    error: "InvalidIdentity",
    says: /expected JSON/,
    options: { identityText: "" },
  },
  identity("an identity that is a list", [], /expected a JSON object/),
  identity("an identity of another type", { ...IDENTITY_JSON, type: "user" }, /^type: /m),
  identity(
    "an identity without a workspace",
    withoutField(IDENTITY_JSON, "workspaceId"),
    /missing/,
  ),
  identity("an identity without a key", withoutField(IDENTITY_JSON, "privateKey"), /missing/),
  identity(
    "an identity with half a key",
    { ...IDENTITY_JSON, privateKey: PRIVATE_KEY.slice(0, 60) },
    /private key/,
  ),
  identity(
    "an identity whose plane is no URL",
    { ...IDENTITY_JSON, managementPlaneUrl: "plane" },
    /http/,
  ),
  identity(
    "an identity whose serve URL is no URL",
    { ...IDENTITY_JSON, serveUrl: "llm.acme" },
    /http/,
  ),
  identity(
    "an identity with a number for a name",
    { ...IDENTITY_JSON, serviceAccountId: 7 },
    /string/,
  ),
  identity("an identity with a line break in it", { ...IDENTITY_JSON, keyId: "a\nb" }, /one line/),
];

const FLAG_ROWS: ReadonlyArray<Row> = [
  flag("an unknown flag", ["--instal"], /instal/),
  flag("a mode that is none", ["--deployment-mode", "cloud"], /enterprise/),
  flag("a drain of no time", ["--drain-timeout-seconds", "0"], /1 to 99999/),
  flag("a drain without end", ["--drain-timeout-seconds", "100000"], /1 to 99999/),
  flag("a drain of a word", ["--drain-timeout-seconds", "long"], /drain-timeout-seconds/),
  flag("a timeout without a unit", ["--timeout", "10"], /timeout/),
  flag("a timeout of no time", ["--timeout", "0s"], /timeout/),
  flag("a negative timeout", ["--timeout=-5m"], /timeout/),
  flag("a negative wait for the lock", ["--lock-timeout=-1s"], /lock-timeout/),
  flag("a settle time of a word", ["--settle-time", "soon"], /settle-time/),
  flag("a registry with a scheme", ["--image-registry", "https://gcr.io/acme"], /registry/),
  flag("a registry with a blank", ["--image-registry", "gcr.io/a b"], /registry/),
  flag("a tag that is none", ["--image-tag", "1.2.0 "], /image-tag/),
  flag("a Redis of another kind", ["--redis-type", "memory"], /cluster/),
  flag("an output of another kind", ["--output", "yaml"], /output/),
  flag("a release name in capitals", ["--release-name", "Tars"], /release-name/),
  flag("a release name that is too long", ["--release-name", "t".repeat(54)], /release-name/),
  flag("a namespace with a dot", ["--system-namespace", "tars.system"], /system-namespace/),
  flag(
    "a namespace with a blank",
    ["--dataplane-namespace", "tars dataplane"],
    /dataplane-namespace/,
  ),
  flag("a namespace without a name", ["--system-namespace", ""], /system-namespace/),
  flag("a second identity file", ["other.json"], /other\.json|argument/i),
  flag("a collector that is perhaps", ["--enable-otel-collector=maybe"], /enable-otel-collector/),
  flag(
    "an endpoint with a blank",
    ["--otel-collector-endpoint", "http://a b"],
    /otel-collector-endpoint/,
  ),
];

const URL_ROWS: ReadonlyArray<Row> = [
  flag("a serve URL without a scheme", ["--serve-url", "llm.acme.example"], /serve-url/),
  flag("a serve URL of another scheme", ["--serve-url", "ftp://llm.acme.example"], /serve-url/),
  flag("a serve URL without a host", ["--serve-url", "https://"], /serve-url/),
  flag("a serve URL with a blank", ["--serve-url", "https://llm acme"], /serve-url/),
  {
    ...invalid(
      "a serve URL with a login",
      ["--serve-url", `https://robot:${PASSWORD}@llm.acme.example`],
      /serve-url/,
    ),
    secret: PASSWORD,
  },
];

const VALUE_ROWS: ReadonlyArray<Row> = [
  invalid("a values file that is not there", ["--values", "FOLDER/none.yaml"], /cannot be read/),
  invalid("values that are no mapping", ["--values", "FOLDER/list.yaml"], /expected a mapping/),
  invalid("values that are no YAML", ["--values", "FOLDER/broken.yaml"], /neither YAML nor JSON/),
  invalid("values that are half JSON", ["--values", '{"a":'], /neither YAML nor JSON/),
  invalid("a chart version without a chart", ["--chart-version", "1.2.0"], /chart-version/),
  invalid("a header on two lines", ["--otel-exporter-auth-headers", "a\nb"], /one line/),
  invalid(
    "a header of no file",
    ["--otel-exporter-auth-headers", "@FOLDER/none"],
    /cannot be read/,
  ),
  {
    title: "a collector without an endpoint",
    flags: ["--enable-otel-collector"],
    error: "MissingValues",
    says: /--otel-collector-endpoint/,
  },
  {
    title: "a SaaS of nobody",
    flags: ["--deployment-mode", "saas"],
    error: "MissingValues",
    says: /--customer CUSTOMER --environment ENVIRONMENT/,
  },
  {
    title: "a chart that is not there",
    flags: ["--chart-path", "/nowhere"],
    error: "ChartUnusable",
    says: /nowhere/,
  },
];

const PULL_ROWS: ReadonlyArray<Row> = [
  pullSecret("that is empty", " ", /found nothing/),
  pullSecret("in neither form", `!${PASSWORD}!`, /neither/),
  pullSecret("that is cut short", GOOD_CONFIG.slice(0, -4), /not JSON/),
  pullSecret("that is a number", Buffer.from("4711").toString("base64"), /"auths"/),
  pullSecret("without credentials", config({}), /"auths"/),
  pullSecret("with a list of them", config([{ auth: AUTH }]), /"auths"/),
  pullSecret(
    "for another host",
    config({ "quay.io": { auth: AUTH } }),
    /for gcr\.io, found .*quay/,
  ),
  pullSecret(
    "whose password is missing",
    config({ "gcr.io": { auth: Buffer.from("robot").toString("base64") } }),
    /neither a user/,
  ),
  pullSecret(
    "whose auth is an object",
    config({ "gcr.io": { auth: { user: PASSWORD } } }),
    /neither a user/,
  ),
  {
    ...invalid(
      "a pull secret's name in capitals",
      [...REGISTRY, "--image-pull-secret", "Acme_Pull"],
      /name of a Secret/,
    ),
  },
  {
    ...invalid(
      "a pull secret in the place of its name",
      ["--image-pull-secret", GOOD_CONFIG],
      /name of a Secret/,
    ),
    secret: PASSWORD,
  },
  invalid(
    "a pull secret's file that is not there",
    ["--image-pull-secret", "@FOLDER/none"],
    /cannot be read/,
  ),
  invalid(
    "a pull secret from two places",
    ["--image-pull-secret-stdin", "--image-pull-secret", "acme"],
    /does not go with/,
  ),
];

const FILES = { "list.yaml": "- a\n- b\n", "broken.yaml": "a: [b\nc: }" };

const ROWS = [...IDENTITY_ROWS, ...FLAG_ROWS, ...URL_ROWS, ...VALUE_ROWS, ...PULL_ROWS];

const WRITING = new Set(["create", "replace", "delete", "apply"]);

const refusedRun = Effect.fnUntraced(function* (
  { flags = [], options = {} }: Row,
  more: ReadonlyArray<string>,
) {
  const given: CliOptions = { env: SECRETS, ...options, files: FILES };
  return yield* runCli(["install", "FOLDER/identity.json", "--yes", ...flags, ...more], given);
});

describe("an installation with", () => {
  it("is tried with forty wrong inputs at least", () => assert.isAtLeast(ROWS.length, 40));

  it.effect.each(ROWS)("$title says so, and writes nothing", (row) =>
    Effect.gen(function* () {
      const before = yield* clusterObjects;
      const text = yield* refusedRun(row, []);
      const isOutput = row.flags?.includes("--output") === true;
      assert.match(text.everything, row.says);
      const expected = row.error === "ChartUnusable" ? 23 : 2;
      assert.strictEqual(text.code, expected, text.everything);
      if (!isOutput) {
        const json = yield* refusedRun(row, ["--output", "json"]);
        assert.deepInclude(summaryOf(json.stdout), { outcome: "failed", exitCode: expected });
        assert.strictEqual(summaryOf(json.stdout).error?.code, row.error);
      }
      const { requests } = yield* FakeCluster;
      const writes = (yield* requests).filter(({ verb, dryRun }) => WRITING.has(verb) && !dryRun);
      assert.deepStrictEqual(writes, []);
      assert.deepStrictEqual(text.invocations, []);
      assert.strictEqual(JSON.stringify(yield* clusterObjects), JSON.stringify(before));
      assert.deepStrictEqual(yield* (yield* FakeManagementPlane).registrations, []);
      for (const secret of [...LEAKS, ...(row.secret === undefined ? [] : [row.secret])]) {
        assert.notInclude(text.everything, secret);
      }
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
