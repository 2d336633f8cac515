import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Result } from "effect";
import { afterAll, beforeAll } from "vitest";
import { accessOf, inClusterAccess } from "../../../../src/services/kube/kubeconfig/access.ts";
import { encodeAccess } from "../../../../src/services/kube/kubeconfig/encode.ts";
import { isFault, parseGoYaml } from "../../../../src/services/kube/kubeconfig/go-yaml.ts";
import {
  describeFault,
  kubeconfigFiles,
  loadKubeconfig,
  parseKubeconfig,
} from "../../../../src/services/kube/kubeconfig/load.ts";
import { parseServer, showServer } from "../../../../src/services/kube/kubeconfig/server.ts";

/** What Kubernetes' own client (client-go 0.36.3) makes of the same texts was seen by running it. */

const base = `apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: c
  cluster:
    server: https://127.0.0.1:6443
contexts:
- name: prod
  context:
    cluster: c
    user: u
users:
- name: u
  user:
    token: abc
`;
const swap = (from: string, to: string): string => {
  assert.include(base, from);
  return base.replaceAll(from, to);
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tare-kubeconfig-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (text: string | Uint8Array, context?: string) =>
  Effect.gen(function* () {
    const file = join(folder, "config");
    writeFileSync(file, text);
    const loaded = yield* loadKubeconfig({ kubeconfig: file, context: undefined });
    const access = yield* accessOf(loaded, context);
    if (access === undefined) return yield* Effect.die("no context");
    return access;
  });

/** After the name of the file. */
const fault = (text: string | Uint8Array) =>
  Effect.map(Effect.flip(load(text)), ({ detail }) => detail.replaceAll(`${folder}/config`, ""));

const token = (text: string | Uint8Array) =>
  Effect.map(load(text), ({ login }) => (login._tag === "Token" ? login.token : login._tag));

describe("a kubeconfig that Go's parser takes", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array, string?]> = [
    ["with a tab before a value", `${base}preferences:\t{}\n`],
    ["with a tab behind one", swap("abc", "abc\t# mine")],
    ["with a key twice, whose last value counts", swap("token: abc", "token: x\n    token: abc")],
    ["with carriage returns", base.replaceAll("\n", "\r\n")],
    ["with carriage returns alone", base.replaceAll("\n", "\r")],
    ["with a byte order mark", `\ufeff${base}`],
    ["in UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(base, "utf16le")])],
    ["with a further document", `${base}---\nmore: [\n`],
    ["with an alias", `x: &t abc\n${swap("token: abc", "token: *t")}`],
    ["with a merge", `x: &x\n  token: abc\n${swap("token: abc", "<<: *x")}`],
    ["with a number in quotes", swap("abc", '"123"'), "123"],
    ["with a number by its tag", swap("abc", "!!str 123"), "123"],
    ["with a date, which stays a text", swap("abc", "2024-01-01"), "2024-01-01"],
    ["with a version", swap("abc", "1.2.3"), "1.2.3"],
    ["with a base-60 number, which is none", swap("abc", "1:30"), "1:30"],
    ["with octal-looking digits that are none", swap("abc", "0o9"), "0o9"],
    [
      "with base64 over several lines",
      swap("    token: abc", "    token: abc\n    client-key-data: |\n      YW\n      Jj"),
    ],
    ["without kind and version", swap("apiVersion: v1\nkind: Config\n", "")],
    [
      "with fields it does not know",
      swap("    token: abc", "    token: abc\n    token-file: /gone\n    Token: xyz"),
    ],
    ["with an entry of nothing", `${base}- name: old\n  user:\n`],
  ];
  for (const [name, text, expected = "abc"] of cases) {
    it.effect(name, () => Effect.map(token(text), (found) => assert.strictEqual(found, expected)));
  }
});

describe("a mistake", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array, RegExp]> = [
    ["in the syntax", `${base}  - : [\n`, /^:17: not valid YAML: .*column \d+\)$/],
    [
      "of a number where a text belongs",
      swap("abc", "123"),
      /^:16: users\[0\]\.user\.token: must be a text/,
    ],
    [
      "of a word that is a boolean",
      swap("abc", "yes"),
      /^:16: users\[0\]\.user\.token: must be a text/,
    ],
    [
      "of a text where a boolean belongs",
      swap("server:", 'insecure-skip-tls-verify: "true"\n    server:'),
      /^:7: clusters\[0\]\.cluster\.insecure-skip-tls-verify: must be true or false$/,
    ],
    [
      "in base64",
      swap("token: abc", "client-key-data: '%%'"),
      /^:16: users\[0\]\.user\.client-key-data: must be base64$/,
    ],
    [
      "of a name twice",
      `${base}- name: u\n  user: {}\n`,
      /^:17: users\[1\]\.name: is in the list twice$/,
    ],
    ["of another kind", swap("kind: Config", "kind: Secret"), /^:2: kind: must be Config$/],
    ["of a list where a map belongs", "- a\n", /must be a map/],
    [
      "of a text that is no text",
      new Uint8Array([0x61, 0xff, 0xfe]),
      /^:1: it is not a text in UTF-8$/,
    ],
    [
      "of an alias to itself",
      swap("  user:\n    token: abc", "  user: &a\n    x: *a"),
      /^:16: an alias leads to nothing or to itself$/,
    ],
    [
      "of a server that is none",
      swap("https://127.0.0.1:6443", "ftp://x"),
      /^:7: clusters\[0\]\.cluster\.server: is not a URL or host:port$/,
    ],
    [
      "of a proxy that is none",
      swap("server:", "proxy-url: socks4://h:1\n    server:"),
      /^:7: clusters\[0\]\.cluster\.proxy-url: must be an http, https or socks5 URL$/,
    ],
    [
      "of an authority beside insecure",
      swap(
        "server:",
        "insecure-skip-tls-verify: true\n    certificate-authority-data: QUJD\n    server:",
      ),
      /^:7: clusters\[0\]\.cluster\.insecure-skip-tls-verify: is given beside/,
    ],
    [
      "of a file that is not there",
      swap("server:", "certificate-authority: gone\n    server:"),
      /^:7: clusters\[0\]\.cluster\.certificate-authority: the file it names cannot be read$/,
    ],
    [
      "of two ways to log in",
      swap("token: abc", "token: abc\n    username: x"),
      /^:17: users\[0\]\.user\.username: is given beside a token/,
    ],
    [
      "of a certificate without key",
      swap("token: abc", "client-certificate-data: QUJD"),
      /^:16: users\[0\]\.user\.client-certificate-data: has no client-key/,
    ],
    [
      "of groups without a user",
      swap("token: abc", "as-groups: [a]"),
      /^:16: users\[0\]\.user\.as: is missing/,
    ],
    [
      "of a plugin without a mode",
      swap("token: abc", "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}"),
      /^:16: users\[0\]\.user\.exec: interactiveMode must be/,
    ],
    [
      "of a provider that was removed",
      swap("token: abc", "auth-provider: {name: gcp}"),
      /^:16: users\[0\]\.user\.auth-provider: Kubernetes no longer has/,
    ],
    [
      "of a current context that is not there",
      swap("current-context: prod", "current-context: gone"),
      /^:3: current-context: names no context/,
    ],
    [
      "of a cluster that is not there",
      swap("    cluster: c", "    cluster: d"),
      /^:11: contexts\[0\]\.context\.cluster: names no cluster/,
    ],
  ];
  for (const [name, text, expected] of cases) {
    it.effect(`${name} is told by line and field`, () =>
      Effect.map(fault(text), (detail) => assert.match(detail, expected)),
    );
  }

  it.effect("in an entry that nobody uses is none, unless Kubernetes' parser stops at it", () =>
    Effect.gen(function* () {
      yield* load(`${base}- name: old\n  user: {exec: {}, username: a, token: b}\n`);
      assert.match(yield* fault(`${base}- name: old\n  user: {token: 3}\n`), /^:18: users\[1\]/);
    }),
  );
});

describe("files", () => {
  it("come from the flag, else from KUBECONFIG as it is, else from the home folder", () => {
    const ofNothing = { kubeconfig: undefined };
    assert.deepStrictEqual(kubeconfigFiles({ kubeconfig: "a" }, "b:c"), ["a"]);
    assert.deepStrictEqual(kubeconfigFiles(ofNothing, "b::c:b"), ["b", "c"]);
    assert.deepStrictEqual(kubeconfigFiles(ofNothing, ":"), []);
    assert.match(kubeconfigFiles(ofNothing, "").join(), /\.kube\/config$/);
  });

  it.effect("resolve their paths from where they lie", () =>
    Effect.gen(function* () {
      const exec =
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, interactiveMode: Never}";
      const { login } = yield* load(swap("token: abc", exec));
      assert.deepNestedInclude(login, { "exec.command": join(folder, "login") });
      writeFileSync(join(folder, "token"), "x");
      const { login: other } = yield* load(swap("token: abc", "tokenFile: token"));
      assert.deepInclude(other, { file: join(folder, "token") });
    }),
  );

  it.effect("through a pipe go on to Helm with the same meaning", () =>
    Effect.gen(function* () {
      const user = "token: abc\n    as: me\n    as-groups: [a, b]\n    as-user-extra: {k: [v]}";
      const { entries, ...meaning } = yield* load(swap("token: abc", user));
      assert.isDefined(entries);
      const again = yield* load(encodeAccess({ ...meaning, entries }));
      assert.deepInclude(again, meaning);
    }),
  );
});

describe("a pod's own account", () => {
  it("is used where Kubernetes says so and the token is there", () => {
    const variables = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    assert.isUndefined(inClusterAccess(variables, join(folder, "gone")));
    writeFileSync(join(folder, "token"), "x");
    assert.isUndefined(inClusterAccess({}, folder));
    const access = inClusterAccess(variables, folder);
    assert.strictEqual(access && showServer(access.server), "https://[fd00::1]");
    assert.strictEqual(access?.login._tag, "TokenFile");
  });
});

describe("a server's address", () => {
  const shown = (text: string) => {
    const server = parseServer(text);
    return server && showServer(server);
  };
  it("is a URL or host and port, as kubectl takes it", () => {
    assert.strictEqual(shown("HTTPS://h:6443/"), "https://h:6443");
    assert.strictEqual(shown("https://h/k8s/clusters/x/"), "https://h/k8s/clusters/x");
    assert.strictEqual(shown("127.0.0.1:8001"), "http://127.0.0.1:8001");
    assert.strictEqual(shown("localhost:8001"), "http://localhost:8001");
    assert.strictEqual(shown("https://[::1]:6443"), "https://[::1]:6443");
    assert.strictEqual(shown("https://[fe80::1%25eth0]:6443"), "https://[fe80::1%eth0]:6443");
    assert.strictEqual(parseServer("https://u:p%40@h")?.auth, "u:p@");
    assert.strictEqual(shown("https://u:p@h"), "https://h");
  });
  it("is nothing else", () => {
    for (const text of ["ftp://h", "h:1/path", "https://h:99999", "https://h ", "", "https://"]) {
      assert.isUndefined(parseServer(text), text);
    }
  });
});

/** Small steps of a linear congruence: the same texts for the same seed. */
const dice = (seed: number) => {
  let state = seed;
  return (sides: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * sides);
  };
};

describe("any text", () => {
  const SECRETS = ["S3cr3tT0ken", "S3cr3tPassw0rd", "S3cr3tServer", "S3cr3tName", "S3cr3tKey"];
  const [secretToken, password, host, name, key] = SECRETS as [
    string,
    string,
    string,
    string,
    string,
  ];
  const sources = [
    base.replace("abc", secretToken).replace("127.0.0.1", host).replaceAll("prod", name),
    base.replace(
      "token: abc",
      `username: ${name}\n    password: ${password}\n    client-key-data: ${key}`,
    ),
    JSON.stringify({
      users: [{ name, user: { token: secretToken, password } }],
      clusters: [{ name, cluster: { server: host } }],
    }),
    base.replace(
      "token: abc",
      `exec:\n      apiVersion: v1\n      command: ${name}\n      env:\n      - {name: ${key}, value: ${password}}`,
    ),
  ];
  const pieces = [
    "\t",
    " ",
    "\n",
    ":",
    "-",
    "#",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!",
    "|",
    ">",
    "%",
    "@",
    "null",
    "yes",
    "1",
    "? ",
    "---\n",
    "<<: *a",
    "\\",
    "\u0000",
    "\ufeff",
    "é",
    "\r",
  ];

  /** What is said of the file, or of what its current context uses; nothing when both are good. */
  const refusalOf = (text: string): string => {
    const parsed = parseKubeconfig(Buffer.from(text), "config");
    if (parsed._tag === "Faulty") {
      return parsed.faults.map((one) => describeFault("config", one)).join("; ");
    }
    const loaded = { config: parsed.config, files: ["config"], readableOnce: false };
    const access = Effect.runSync(Effect.result(accessOf(loaded, undefined)));
    return Result.isFailure(access) ? access.failure.message : "";
  };

  it("is taken or refused in words that quote nothing of it", () => {
    const count = Number(process.env.TARE_FUZZ ?? 2000);
    const roll = dice(7);
    const longest = { milliseconds: 0 };
    for (let index = 0; index < count; index += 1) {
      let text = sources[roll(sources.length)] ?? "";
      for (let changes = 1 + roll(4); changes > 0; changes -= 1) {
        const at = roll(text.length + 1);
        const piece = roll(3) === 0 ? "" : (pieces[roll(pieces.length)] ?? "");
        text = text.slice(0, at) + piece + text.slice(at + roll(6));
      }
      const started = performance.now();
      const said = refusalOf(text);
      longest.milliseconds = Math.max(longest.milliseconds, performance.now() - started);
      for (const secret of SECRETS) assert.notInclude(said, secret, text);
    }
    assert.isBelow(longest.milliseconds, 2000);
  }, 1_200_000);

  it("that grows by its aliases, or goes deeper than anybody needs, is refused", () => {
    const levels = ["a: &a [x,x,x,x,x,x,x,x]"];
    for (const [of, to] of ["ab", "bc", "cd", "de", "ef", "fg", "gh"]) {
      levels.push(`${to}: &${to} [${Array(8).fill(`*${of}`).join(",")}]`);
    }
    const grown = parseGoYaml(levels.join("\n"));
    assert.isTrue(isFault(grown) && grown.problem === "it has too many values");
    assert.isTrue(isFault(parseGoYaml(`x: ${"[".repeat(50_000)}`)));
  });
});
