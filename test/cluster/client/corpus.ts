/** Kubeconfigs as operators have them, and as bug reports of other tools tell of them, all for one live cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { save } from "./certificates.ts";
import { type Fronts, PREFIX, PROXY_LOGIN } from "./fronts.ts";
import { exec, writePlugins } from "./plugins.ts";

export interface Input {
  readonly name: string;
  /** What it is about. */
  readonly kind: string;
  /** The value of `KUBECONFIG`. */
  readonly kubeconfig: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The programs run on a terminal of their own. */
  readonly onTerminal?: boolean;
  /** Why tare refuses what kubectl takes. */
  readonly refused?: string;
}

export interface Live {
  readonly folder: string;
  readonly port: number;
  /** PEM. */
  readonly authority: string;
  readonly token: string;
  readonly pair: { readonly cert: string; readonly key: string };
  readonly fronts: Fronts;
  /** PEM, of every front that has TLS. */
  readonly frontAuthority: string;
}

export const REFRESH_TOKEN = "S3cr3t-refresh";

const b64 = (text: string): string => Buffer.from(text).toString("base64");

export const writeCorpus = (live: Live): ReadonlyArray<Input> => {
  const { folder, port, token, fronts, pair } = live;
  mkdirSync(join(folder, "deeper"), { recursive: true });
  writePlugins(folder, token, pair);
  const at = (name: string) => join(folder, name);
  const trusted = { "certificate-authority-data": b64(live.authority) };
  const server = `https://127.0.0.1:${port}`;
  const usual = { server, ...trusted };
  const unusedServer = { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true };

  interface Parts {
    readonly cluster?: object;
    readonly user?: unknown;
    readonly context?: string;
    readonly current?: string | undefined;
  }
  const config = ({
    cluster = usual,
    user = { token },
    context = "prod",
    current = context,
  }: Parts = {}) => ({
    apiVersion: "v1",
    kind: "Config",
    "current-context": current,
    clusters: [{ name: "kubernetes", cluster }],
    contexts: [{ name: context, context: { cluster: "kubernetes", user: "kubernetes-admin" } }],
    users: [{ name: "kubernetes-admin", user }],
  });
  const yaml = stringify(config());
  const inputs: Array<Input> = [];
  let kind: string;
  const file = (name: string, content: object | string | Buffer): string => {
    const text =
      typeof content === "string" || Buffer.isBuffer(content) ? content : stringify(content);
    writeFileSync(at(name), text, { mode: 0o600 });
    return at(name);
  };
  const add = (name: string, content: object | string | Buffer, more: Partial<Input> = {}) => {
    inputs.push({ name, kind, kubeconfig: file(name, content), ...more });
  };
  const addSeveral = (name: string, files: ReadonlyArray<string>, more: Partial<Input> = {}) => {
    inputs.push({ name, kind, kubeconfig: files.join(":"), ...more });
  };
  const withCluster = (name: string, cluster: object, more: Partial<Input> = {}) =>
    add(name, config({ cluster }), more);
  const withUser = (name: string, user: unknown, more: Partial<Input> = {}) =>
    add(name, config({ user }), more);

  kind = "how it is written";
  add("usual", config());
  add("json", JSON.stringify(config()));
  add("json with tabs", JSON.stringify(config(), null, "\t"));
  add("crlf", yaml.replaceAll("\n", "\r\n"));
  add("bom", `\ufeff${yaml}`);
  add("utf-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(yaml, "utf16le")]));
  add("latin-1", Buffer.concat([Buffer.from(yaml), Buffer.from([0x23, 0xe9, 0x0a])]));
  add("tab before a value", `${yaml}preferences:\t{}\n`);
  add("tab as indentation", yaml.replace("    token", "\ttoken"));
  add("a key twice", `${yaml}current-context: prod\n`);
  add("anchors", yaml.replace("user:\n      token:", "user: &admin\n      token:"));
  add(
    "merge key",
    `x-login: &login\n  token: ${token}\n${stringify(config({ user: {} })).replace("user: {}", "user:\n      <<: *login")}`,
  );
  add("two documents", `${yaml}---\nmore: true\n`);
  add("broken", `${yaml}  - : [\n`);
  add("a list", "- 1\n");
  add("another kind", { ...config(), kind: "Secret" });
  add("another version", { ...config(), apiVersion: "v2" });
  add("no kind", { ...config(), kind: undefined, apiVersion: undefined });
  add("unknown fields", {
    ...config(),
    colour: "blue",
    users: [{ name: "kubernetes-admin", user: { token, "token-file": "gone" } }],
  });
  add("a number as context", stringify(config({ context: "123" })).replaceAll('"123"', "123"));
  add(
    "a word that is a boolean",
    stringify(config({ context: "on" }))
      .replaceAll('"on"', "on")
      .replaceAll("on:", "on:"),
  );
  add("a boolean as text", config({ cluster: { server, "insecure-skip-tls-verify": "true" } }));
  add(
    "yes as a boolean",
    stringify(config({ cluster: { server, "insecure-skip-tls-verify": true } })).replace(
      "verify: true",
      "verify: yes",
    ),
  );
  add("a name twice in one file", {
    ...config(),
    users: [
      { name: "kubernetes-admin", user: { token } },
      { name: "kubernetes-admin", user: {} },
    ],
  });
  add("arn", config({ context: "arn:aws:eks:eu-west-1:123456789012:cluster/prod" }));
  add("name with blanks", config({ context: "admin@prod cluster" }));

  kind = "what nobody uses";
  const leftover = (list: "clusters" | "contexts" | "users", entry: unknown) => ({
    ...config(),
    [list]: [...config()[list], entry],
  });
  add(
    "left-over context",
    leftover("contexts", { name: "old", context: { cluster: "", user: "" } }),
  );
  add("left-over context of nothing", leftover("contexts", { name: "old", context: null }));
  add("left-over nameless context", leftover("contexts", { name: "", context: { cluster: "x" } }));
  add("left-over cluster", leftover("clusters", { name: "old", cluster: { server: "" } }));
  add(
    "left-over missing authority",
    leftover("clusters", { name: "old", cluster: { server, "certificate-authority": "gone" } }),
  );
  add("left-over user", leftover("users", { name: "old", user: null }));
  add("left-over broken plugin", leftover("users", { name: "old", user: { exec: {} } }));
  add("left-over base64", leftover("users", { name: "old", user: { "client-key-data": "%%" } }));
  add("null lists", {
    apiVersion: "v1",
    kind: "Config",
    clusters: null,
    contexts: null,
    users: null,
    "current-context": "prod",
  });

  kind = "several files";
  const second = file(
    "second",
    config({ context: "stage", cluster: unusedServer, user: { token: "wrong" } }),
  );
  const empty = file("empty", "");
  const comment = file("comment", "# managed by the platform team\n");
  const { users: _, ...withoutUsers } = config();
  addSeveral("same names in two files", [at("usual"), second]);
  addSeveral("the other one first", [second, at("usual")]);
  addSeveral("an empty file first", [empty, at("usual")]);
  addSeveral("a comment first", [comment, at("usual")]);
  addSeveral("a missing file first", [at("gone"), at("usual")]);
  addSeveral("nothing between colons", ["", at("usual"), "", at("usual")]);
  addSeveral("users in a second file", [
    file("no users", withoutUsers),
    file("users alone", { users: config().users }),
  ]);
  addSeveral("a broken second file", [at("usual"), at("broken")]);
  addSeveral("missing files only", [at("gone"), at("gone too")]);
  addSeveral("a folder", [folder]);
  addSeveral("empty alone", [empty]);
  addSeveral("a comment alone", [comment]);
  addSeveral("none, and a server by default", [], {
    env: { KUBERNETES_MASTER: `http://127.0.0.1:${fronts.plain}` },
    refused:
      "kubectl asks localhost:8080, or this server: nobody has said that it is the one to be upgraded",
  });

  kind = "which context";
  add("no current context", config({ current: "" }));
  add("an unknown current context", config({ current: "gone" }));
  add("a cluster that is not there", { ...config(), clusters: [] });
  add("a user that is not there", { ...config(), users: [] });
  add("no user", { ...config(), contexts: [{ name: "prod", context: { cluster: "kubernetes" } }] });

  kind = "the server";
  withCluster("trailing slash", { ...usual, server: `${server}/` });
  withCluster("upper case scheme", { ...usual, server: server.replace("https", "HTTPS") });
  withCluster("no scheme", { ...usual, server: `127.0.0.1:${port}` });
  withCluster("plain http", { server: `http://127.0.0.1:${fronts.plain}` });
  withCluster("plain http without scheme", { server: `127.0.0.1:${fronts.plain}` });
  add(
    "plain http with a plugin nobody needs",
    config({
      cluster: { server: `http://127.0.0.1:${fronts.plain}` },
      user: exec("not-installed"),
    }),
  );
  withCluster("a path before everything", {
    server: `https://127.0.0.1:${fronts.prefixed}${PREFIX}`,
    "certificate-authority-data": b64(live.frontAuthority),
  });
  withCluster("a path with a slash", {
    server: `https://127.0.0.1:${fronts.prefixed}${PREFIX}/`,
    "insecure-skip-tls-verify": true,
  });
  withCluster("ipv6", {
    ...usual,
    server: `https://[::1]:${fronts.v6}`,
    "tls-server-name": "kubernetes.default",
  });
  withCluster("ipv6 by another name", { ...usual, server: `https://[::1]:${fronts.v6}` });
  withCluster("server name", {
    ...usual,
    server: `https://localhost:${port}`,
    "tls-server-name": "kubernetes.default",
  });
  withCluster("server name that is an address", {
    ...usual,
    server: `https://localhost:${port}`,
    "tls-server-name": "127.0.0.1",
  });
  withCluster("wrong server name", { ...usual, "tls-server-name": "elsewhere.example" });
  withCluster("nobody listens", { ...usual, server: "https://127.0.0.1:1" });
  withCluster("a port that is none", { ...usual, server: "https://127.0.0.1:99999" });

  kind = "trust";
  withCluster("insecure", { server, "insecure-skip-tls-verify": true });
  withCluster("insecure and an authority", { ...usual, "insecure-skip-tls-verify": true });
  withCluster("no authority", { server });
  withCluster("another authority", {
    server,
    "certificate-authority-data": b64(live.frontAuthority),
  });
  save(at("ca.crt"), live.authority);
  save(at("ca-crlf.crt"), live.authority.replaceAll("\n", "\r\n"));
  save(at("deeper/ca-text.crt"), `Bag Attributes\n    friendlyName: ca\n${live.authority}`);
  save(at("ca-garbage.crt"), "not a certificate\n");
  withCluster("authority in a file", { server, "certificate-authority": "ca.crt" });
  withCluster("authority with crlf", { server, "certificate-authority": "ca-crlf.crt" });
  withCluster("authority with words", {
    server,
    "certificate-authority": "deeper/../deeper/ca-text.crt",
  });
  withCluster("authority that is none", { server, "certificate-authority": "ca-garbage.crt" });
  withCluster("authority not there", { server, "certificate-authority": "gone.crt" });
  withCluster("authority twice", { ...usual, "certificate-authority": "ca.crt" });
  withCluster("two authorities in one", {
    server,
    "certificate-authority-data": b64(live.frontAuthority + live.authority),
  });

  kind = "proxies";
  const far = {
    ...usual,
    server: `https://k8s.corp.example:${port}`,
    "tls-server-name": "kubernetes.default",
  };
  const proxied = `http://127.0.0.1:${fronts.proxy}`;
  withCluster("proxy-url", { ...far, "proxy-url": proxied });
  withCluster("proxy-url with a login", {
    ...far,
    "proxy-url": `http://${PROXY_LOGIN}@127.0.0.1:${fronts.closedProxy}`,
  });
  withCluster("proxy-url without its login", {
    ...far,
    "proxy-url": `http://127.0.0.1:${fronts.closedProxy}`,
  });
  withCluster("proxy-url of socks", { ...far, "proxy-url": `socks5://127.0.0.1:${fronts.socks}` });
  withCluster("proxy-url of another kind", {
    ...far,
    "proxy-url": `socks4://127.0.0.1:${fronts.socks}`,
  });
  withCluster("https proxy variable", far, { env: { HTTPS_PROXY: proxied } });
  withCluster("https proxy variable in small letters", far, { env: { https_proxy: proxied } });
  withCluster("https proxy variable without scheme", far, {
    env: { HTTPS_PROXY: `127.0.0.1:${fronts.proxy}` },
  });
  withCluster("socks in the variable", far, {
    env: { HTTPS_PROXY: `socks5://127.0.0.1:${fronts.socks}` },
  });
  withCluster("no proxy for this domain", far, {
    env: { HTTPS_PROXY: proxied, NO_PROXY: ".corp.example" },
  });
  withCluster("no proxy for another domain", far, {
    env: { HTTPS_PROXY: proxied, NO_PROXY: "other.example,10.0.0.0/8" },
  });
  withCluster("a dead proxy, not for loopback", usual, {
    env: { HTTPS_PROXY: "http://127.0.0.1:1" },
  });
  withCluster(
    "plain http through a proxy",
    { server: "http://k8s.corp.example:8001" },
    { env: { HTTP_PROXY: proxied } },
  );

  kind = "logins";
  save(at("token"), `${token}\n`);
  save(at("no-token"), "\n");
  const certificates = {
    "client-certificate-data": b64(pair.cert),
    "client-key-data": b64(pair.key),
  };
  save(at("deeper/me.crt"), pair.cert);
  save(at("deeper/me.key"), pair.key);
  withUser("no login", {});
  withUser("wrong token", { token: "wrong" });
  withUser("token file", { tokenFile: at("token") });
  withUser("relative token file", { tokenFile: "token" });
  withUser("token file not there", { tokenFile: "gone" });
  withUser("empty token file", { tokenFile: "no-token" });
  withUser("token and its file", { token: "wrong", tokenFile: "token" });
  withUser("token and a missing file", { token, tokenFile: "gone" });
  withUser("name and password", { username: "admin", password: "Tr0ub4dor&3" });
  withUser("token and password", { token, username: "admin", password: "Tr0ub4dor&3" });
  withUser("certificate", certificates);
  withUser("certificate in files", {
    "client-certificate": "deeper/me.crt",
    "client-key": "deeper/me.key",
  });
  withUser("certificate without key", { "client-certificate-data": b64(pair.cert) });
  withUser("certificate with another key", { ...certificates, "client-key-data": b64(pair.cert) });
  withUser("certificate twice", { ...certificates, "client-certificate": "deeper/me.crt" });
  withUser("as a user", { token, as: "oncall" });
  withUser("as a user of a group", { token, as: "oncall", "as-groups": ["system:masters"] });
  withUser("as with everything", {
    token,
    as: "oncall",
    "as-uid": "1",
    "as-groups": ["a", "system:masters"],
    "as-user-extra": { "corp.example/Reason": ["x", "y"] },
  });
  withUser("as groups of nobody", { token, "as-groups": ["system:masters"] });
  withUser("oidc without a refresh token", {
    "auth-provider": {
      name: "oidc",
      config: {
        "client-id": "k",
        "idp-issuer-url": "https://127.0.0.1:1",
        "id-token": `e30.${Buffer.from('{"exp":1}').toString("base64url")}.x`,
      },
    },
  });
  withUser("oidc", {
    "auth-provider": {
      name: "oidc",
      config: {
        "client-id": "k",
        "idp-issuer-url": `https://127.0.0.1:${fronts.issuer}`,
        "idp-certificate-authority-data": b64(live.frontAuthority),
        "id-token": `e30.${Buffer.from('{"exp":1}').toString("base64url")}.x`,
        "refresh-token": REFRESH_TOKEN,
      },
    },
  });
  withUser("gcp", { "auth-provider": { name: "gcp" } });

  kind = "plugins";
  for (const name of [
    "plain",
    "slow",
    "prompt",
    "always-info",
    "closed-stdin",
    "fail",
    "garbage",
    "nothing",
    "other-version",
    "no-status",
    "empty-status",
    "half",
    "bad-time",
    "certificate",
    "yaml",
    "expired",
    "expiring",
  ]) {
    withUser(`plugin ${name}`, exec(at(name)));
  }
  withUser("plugin info", exec(at("info"), { provideClusterInfo: true }));
  withUser("plugin info, not wanted", exec(at("info")));
  add(
    "plugin config",
    config({
      cluster: {
        ...usual,
        extensions: [
          { name: "client.authentication.k8s.io/exec", extension: { audience: "prod" } },
        ],
      },
      user: exec(at("config"), { provideClusterInfo: true }),
    }),
  );
  withUser(
    "plugin variables",
    exec(at("variables"), { args: ["--login"], env: [{ name: "CORP_PROFILE", value: "prod" }] }),
  );
  withUser("plugin null lists", exec(at("plain"), { args: null, env: null }));
  withUser("plugin by a relative path", exec("./plain"));
  withUser("plugin from PATH", exec("plain"), { env: { PATH: `${folder}:${process.env.PATH}` } });
  withUser("plugin not installed", exec("corp-login-not-installed"));
  withUser("plugin that needs a terminal", exec(at("plain"), { interactiveMode: "Always" }));
  const onTerminal = { onTerminal: true };
  for (const mode of ["Always", "IfAvailable"]) {
    const asking = exec(at("terminal"), { interactiveMode: mode });
    withUser(`plugin that asks on the terminal, ${mode}`, asking, onTerminal);
  }
  withUser("plugin that asks nobody, on a terminal", exec(at("plain")), onTerminal);
  withUser("plugin never interactive", exec(at("plain"), { interactiveMode: "Never" }));
  withUser("plugin without a mode", exec(at("plain"), { interactiveMode: undefined }));
  withUser(
    "older plugin",
    exec(at("beta"), {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      interactiveMode: undefined,
    }),
  );
  withUser(
    "oldest plugin",
    exec(at("plain"), { apiVersion: "client.authentication.k8s.io/v1alpha1" }),
  );
  withUser("plugin beside a token", { token, ...exec(at("fail")) });
  return inputs;
};
