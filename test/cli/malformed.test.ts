/** Input that is wrong: every row says so, and touches nothing. */
import { generateKeyPairSync } from "node:crypto";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { setPath } from "../../src/domain/kube/json.ts";
import { INSTALLED_VALUES, PRIVATE_KEY, type Scenario, world } from "../fakes/index.ts";
import {
  type CliOptions,
  clusterObjects,
  IDENTITY_JSON,
  runUpgradeCli,
  withoutField,
} from "./support.ts";

const HEADER = "Bearer malformed-row-token-4711";
/** What every run of this table is given besides its own flags, so that there is something to leak. */
const HEADER_ENV = { TARE_OTEL_EXPORTER_AUTH_HEADERS: HEADER };
const STORED_HEADER = "acme-otel-token-0123456789";
/** The key's own letters, without the lines that every key has. */
const KEY_BODY = PRIVATE_KEY.split("\n")[1] ?? "";

const ENCRYPTED_KEY = generateKeyPairSync("ed25519").privateKey.export({
  type: "pkcs8",
  format: "pem",
  cipher: "aes-256-cbc",
  passphrase: "open sesame",
}) as string;
const PUBLIC_KEY = generateKeyPairSync("ed25519").publicKey.export({
  type: "spki",
  format: "pem",
}) as string;

interface Row {
  readonly title: string;
  /** Whole lines of stderr. */
  readonly says: ReadonlyArray<string | RegExp>;
  readonly code?: number;
  readonly flags?: ReadonlyArray<string>;
  readonly options?: CliOptions;
  readonly scenario?: Scenario;
  /** Must not be printed either. */
  readonly secret?: string;
}

const FILE = "identity file identity.json cannot be used";
const STRING = "expected a string that is not empty";
const KEY = "expected an unencrypted private key in PEM format";
const HTTP = "expected an http:// or https:// URL";

const file = (title: string, identityText: string, ...why: ReadonlyArray<string>): Row => ({
  title,
  says: [FILE, ...why],
  options: { identityText },
});

const field = (title: string, name: string, value: unknown, expected: string): Row => ({
  ...file(title, JSON.stringify({ ...IDENTITY_JSON, [name]: value }), `${name}: ${expected}`),
  ...(typeof value === "string" && value.length > 8 ? { secret: value } : {}),
});

const missing = (name: string, expected: string): Row =>
  file(
    `identity without ${name}`,
    JSON.stringify(withoutField(IDENTITY_JSON, name)),
    `${name}: missing; ${expected}`,
  );

const IDENTITY_ROWS: ReadonlyArray<Row> = [
  file("empty file", "", "expected JSON"),
  file("not JSON", "type: service_account", "expected JSON"),
  file("cut short", JSON.stringify(IDENTITY_JSON).slice(0, -40), "expected JSON"),
  file("only the key", PRIVATE_KEY, "expected JSON"),
  file("a JSON list", JSON.stringify([IDENTITY_JSON]), "expected a JSON object"),
  file("a JSON string", JSON.stringify(PRIVATE_KEY), "expected a JSON object"),
  file("a JSON null", "null", "expected a JSON object"),
  missing("type", 'expected "service_account"'),
  missing("workspaceId", STRING),
  missing("serviceAccountId", STRING),
  missing("keyId", STRING),
  missing("privateKey", KEY),
  missing("managementPlaneUrl", HTTP),
  field("another type", "type", "authorized_user", 'expected "service_account"'),
  field("an empty workspaceId", "workspaceId", "", STRING),
  field(
    "a number for serviceAccountId",
    "serviceAccountId",
    7,
    `${STRING}, found a number: put it in quotes`,
  ),
  field("null for keyId", "keyId", null, STRING),
  field("a mapping for workspaceId", "workspaceId", { name: "acme" }, STRING),
  {
    title: "a mapping for customer",
    says: [FILE, /^customer: expected a string/],
    options: { identity: { ...IDENTITY_JSON, customer: { name: "acme" } } },
  },
  field("a key that is none", "privateKey", "hunter2-hunter2-hunter2", KEY),
  field("a key cut short", "privateKey", PRIVATE_KEY.slice(0, -40), KEY),
  field("an encrypted key", "privateKey", ENCRYPTED_KEY, KEY),
  field("a public key", "privateKey", PUBLIC_KEY, KEY),
  field("a list for the key", "privateKey", [PRIVATE_KEY], KEY),
  field("a URL without scheme", "managementPlaneUrl", "management.example", HTTP),
  field("an ftp URL", "managementPlaneUrl", "ftp://management.example", HTTP),
  field("an empty serveUrl", "serveUrl", "", HTTP),
  file(
    "several fields at once",
    JSON.stringify({ type: 1, privateKey: PRIVATE_KEY, keyId: "" }),
    'type: expected "service_account"',
    `workspaceId: missing; ${STRING}`,
    `keyId: ${STRING}`,
    `managementPlaneUrl: missing; ${HTTP}`,
  ),
];

const flag = (flags: ReadonlyArray<string>, ...says: ReadonlyArray<string>): Row => ({
  title: flags.join(" "),
  flags,
  says,
});

const badValue = (name: string, value: string, expected: string): Row =>
  flag(
    [`--${name}=${value}`],
    `tare: Invalid value for flag --${name}: ${JSON.stringify(value)}. Expected${expected}`,
    "Run 'tare upgrade --help' for usage.",
  );

const emptyValue = (name: string, expected: string): Row =>
  flag([`--${name}=`], `tare: Missing value for flag --${name}. Expected${expected}`);

const DURATION = ": a duration longer than 0s, such as 90s, 10m or 1h30m";
const SECONDS = ": a number of seconds from 1 to 99999";
const URL = ": an http:// or https:// URL, or nothing to clear it";
const BOOLEAN = ' "true" | "yes" | "on" | "1" | "y" | "false" | "no" | "off" | "0" | "n"';

const FLAG_ROWS: ReadonlyArray<Row> = [
  badValue("timeout", "10", DURATION),
  badValue("timeout", "ten minutes", DURATION),
  badValue("timeout", "0s", DURATION),
  badValue("timeout", "-5m", DURATION),
  emptyValue("timeout", DURATION),
  badValue("settle-time", "1d", DURATION),
  badValue("ha", "maybe", BOOLEAN),
  badValue("no-atomic", "2", BOOLEAN),
  emptyValue("allow-downtime", BOOLEAN),
  // Only the flag itself takes a value, not its opposite.
  flag(
    ["--atomic=false"],
    'tare: Invalid value for flag --no-atomic: "false". Expected: omit the value and use --atomic=false by itself to set --no-atomic to false',
  ),
  badValue("drain-timeout-seconds", "0", SECONDS),
  badValue("drain-timeout-seconds", "-1", SECONDS),
  badValue("drain-timeout-seconds", "100000", SECONDS),
  badValue("drain-timeout-seconds", "5m", " a string representing a finite number"),
  badValue("drain-timeout-seconds", "1.5", " an integer"),
  badValue("deployment-mode", "cloud", ': "enterprise" | "saas"'),
  badValue("redis-type", "sentinel", ': "cluster" | "hosted"'),
  badValue("serve-url", "llm.example", URL),
  badValue("serve-url", "file:///etc/passwd", URL),
  badValue("otel-collector-endpoint", "a b", ": a URL without spaces"),
  badValue("release-name", "Tars", ": a Helm release name, e.g. tars"),
  emptyValue("release-name", ": a Helm release name, e.g. tars"),
  badValue("system-namespace", "tars_system", ": a Kubernetes namespace, e.g. tars-system"),
  badValue("dataplane-namespace", "-", ": a Kubernetes namespace, e.g. tars-system"),
  badValue("image-tag", "1.2.0 ", ": an image tag, e.g. 1.2.0"),
  badValue(
    "image-registry",
    "https://gcr.io ",
    ": a registry with an optional path, e.g. gcr.io/acme/tars",
  ),
  flag(
    ["--customer", "a", "--customer", "b"],
    'tare: Invalid value for flag --customer: "2 occurrences". Expected: at most 1 value',
  ),
  flag(["--timeout"], "tare: Missing value for flag --timeout. Expected: DURATION"),
  flag(["another.json"], "tare: one argument too many: a value with spaces needs quotes"),
  flag(
    ["--otel-exporter-auth-headers"],
    "tare: Missing value for flag --otel-exporter-auth-headers. Expected: H",
  ),
  {
    ...flag(
      ["--otel-exporter-auth-headers", HEADER, "--otel-exporter-auth-headers", HEADER],
      'tare: Invalid value for flag --otel-exporter-auth-headers: "2 occurrences". Expected: at most 1 value',
    ),
    title: "the header twice",
  },
  {
    ...flag(
      [`--otel-exporter-auth-header=${HEADER}`],
      "tare: Unrecognized flag: --otel-exporter-auth-header in command tare upgrade",
      "    --otel-exporter-auth-headers",
    ),
    title: "the header under a name that is slightly wrong",
  },
  {
    ...flag(
      ["--otel-exporter-auth-headers", ...HEADER.split(" ")],
      "tare: one argument too many: a value with spaces needs quotes",
    ),
    title: "the header without quotes",
    secret: HEADER.split(" ")[1] ?? "",
  },
  {
    ...flag(
      ["--otel-exporter-auth-headers", `${HEADER}\nX-Other: 1`],
      "invalid value for --otel-exporter-auth-headers",
      "expected one line, as an HTTP header is",
    ),
    title: "a header of two lines",
  },
  {
    ...flag(
      ["--otel-exporter-auth-headers", "@FOLDER/headers.txt"],
      "invalid value for --otel-exporter-auth-headers",
      "expected one line, as an HTTP header is",
    ),
    title: "a header file of two lines",
    options: { files: { "headers.txt": `${HEADER}\n${HEADER}\n` } },
  },
  flag(
    ["--otel-exporter-auth-headers", "@FOLDER/missing.txt"],
    "invalid value for --otel-exporter-auth-headers",
    "missing.txt cannot be read",
  ),
  {
    title: "a header of two lines from the environment",
    says: [
      "invalid value for --otel-exporter-auth-headers",
      "expected one line, as an HTTP header is",
    ],
    options: { env: { TARE_OTEL_EXPORTER_AUTH_HEADERS: `${HEADER}\nX: 1` } },
  },
  {
    title: "TARE_SKIP_PREFLIGHT=maybe",
    says: ["tare: TARE_SKIP_PREFLIGHT: expected true or false (or 1 or 0)"],
    options: { env: { ...HEADER_ENV, TARE_SKIP_PREFLIGHT: "maybe" } },
  },
  flag(
    ["--chart-version", "1.2.3"],
    "invalid value for --chart-version",
    "it goes with a --chart-path that is an oci:// or https:// reference",
  ),
  flag(
    ["--chart-path", "./charts/tars", "--chart-version", "1.2.3"],
    "invalid value for --chart-version",
    "it goes with a --chart-path that is an oci:// or https:// reference",
  ),
  {
    ...flag(
      ["--chart-path", "./no-chart"],
      "chart ./no-chart cannot be used; nothing was changed",
      'path "./no-chart" not found',
    ),
    code: 23,
  },
];

const STORED = "the stored values of release tars (revision 1) cannot be carried forward";
const LOOK = "helm get values tars -n tars-system --revision 1 --kube-context prod";

const stored = (path: string, value: Parameters<typeof setPath>[2], problem: string): Row => ({
  title: `stored ${path} = ${JSON.stringify(value)}`,
  says: [STORED, `${path}: ${problem}`, LOOK],
  scenario: { values: setPath(INSTALLED_VALUES, path.split("."), value) },
});

const STORED_ROWS: ReadonlyArray<Row> = [
  stored("global", "acme", "expected a mapping, found a string"),
  stored("otelCollector", true, "expected a mapping, found a boolean"),
  stored("otelCollector.exporters", ["otlp"], "expected a mapping, found a list"),
  stored("otelCollector.exporters.otlp", 4317, "expected a mapping, found a number"),
  stored(
    "otelCollector.exporters.otlp.headers",
    [`Authorization: ${STORED_HEADER}`],
    "expected a mapping, found a list",
  ),
  stored(
    "otelCollector.exporters.otlp.headers.Authorization",
    { value: STORED_HEADER },
    "expected a single value, found a mapping",
  ),
  stored("global.customer", ["acme"], "expected a single value, found a list"),
  stored("global.serveUrl", {}, "expected a single value, found a mapping"),
  stored("otelCollector.enabled", [], "expected a single value, found a list"),
  {
    title: "stored global.dataplaneNamespace is another one",
    code: 10,
    says: [
      "this release has its data plane in namespace edge",
      "upgrading with --dataplane-namespace tars-dataplane would build a second data plane there and cut off the one in edge",
    ],
    scenario: { values: setPath(INSTALLED_VALUES, ["global", "dataplaneNamespace"], "edge") },
  },
  {
    title: "a stored password under --strict-values",
    code: 10,
    flags: ["--strict-values"],
    says: ["1 user-supplied value would be lost (--strict-values)", "redis.password = ***"],
    scenario: { values: setPath(INSTALLED_VALUES, ["redis", "password"], "hunter2-hunter2") },
    secret: "hunter2-hunter2",
  },
];

describe("malformed input", () => {
  for (const row of [...IDENTITY_ROWS, ...FLAG_ROWS, ...STORED_ROWS]) {
    const { title, says, code = 2, flags = [], scenario = {}, secret } = row;
    it.effect(`is refused: ${title.replaceAll("\n", "\\n")}`, () =>
      Effect.gen(function* () {
        const before = yield* clusterObjects;
        const run = yield* runUpgradeCli([...flags, "--log-level", "debug"], {
          env: HEADER_ENV,
          ...row.options,
        });
        assert.strictEqual(run.code, code, run.everything);
        for (const line of says) {
          if (typeof line === "string") assert.include(run.stderr, line);
          else assert.isTrue(run.stderr.some((printed) => line.test(printed)));
        }
        assert.deepStrictEqual(run.stdout, []);
        for (const line of run.everything.split("\n")) assert.notMatch(line, /^\s+at /);
        for (const leak of [KEY_BODY, HEADER, STORED_HEADER, secret]) {
          if (leak !== undefined) assert.notInclude(run.everything, leak);
        }
        assert.notInclude(run.everything, "PRIVATE KEY");
        assert.deepStrictEqual(yield* clusterObjects, before);
        assert.deepStrictEqual(run.invocations, []);
      }).pipe(Effect.provide(world(scenario))),
    );
  }
});
