import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import {
  execInfo,
  readExecCredential,
} from "../../../src/services/kube/credentials/exec-protocol.ts";
import type { ClusterAccess } from "../../../src/services/kube/kubeconfig/access.ts";
import { afterAnswer, FULL_PACE, groupOf } from "../../../src/services/kube/transport/pace.ts";
import { parseProxy, proxyOf } from "../../../src/services/kube/transport/proxy.ts";
import { repeatAfter } from "../../../src/services/kube/transport/retry.ts";

describe("a proxy of the environment", () => {
  const far = { isTls: true, host: "k8s.corp.example", port: 6443 };
  const through = (server: typeof far, environment: NodeJS.ProcessEnv, url?: string) => {
    const proxy = proxyOf(server, url, environment);
    return typeof proxy === "object" ? `${proxy.kind} ${proxy.host}:${proxy.port}` : proxy;
  };
  const set = { HTTPS_PROXY: "http://p:3128" };

  it("is named in large or small letters, with or without scheme, large ones first", () => {
    assert.strictEqual(through(far, set), "http p:3128");
    assert.strictEqual(through(far, { https_proxy: "p:3128" }), "http p:3128");
    assert.strictEqual(through(far, { https_proxy: "q:1", ...set }), "http p:3128");
    assert.strictEqual(through(far, { HTTPS_PROXY: "", https_proxy: "q:1" }), "http q:1");
    assert.strictEqual(through(far, { HTTPS_PROXY: "socks5h://s" }), "socks5 s:1080");
    assert.strictEqual(through(far, { HTTP_PROXY: "p:1" }), undefined);
    assert.strictEqual(through({ ...far, isTls: false }, { HTTP_PROXY: "p:1" }), "http p:1");
    assert.strictEqual(through(far, { HTTPS_PROXY: "ftp://p" }), "invalid");
  });

  it("counts less than the cluster's own, which spares nobody", () => {
    const env = { ...set, NO_PROXY: "*" };
    assert.strictEqual(through(far, env, "socks5://s:1"), "socks5 s:1");
    assert.strictEqual(through({ ...far, host: "127.0.0.1" }, set, "http://q"), "http q:80");
  });

  const spared: ReadonlyArray<readonly [string, string, boolean]> = [
    ["localhost", "", true],
    ["127.9.9.9", "", true],
    ["::1", "", true],
    ["k8s.corp.example", "*", true],
    ["k8s.corp.example", "corp.example", true],
    ["k8s.corp.example", ".corp.example", true],
    ["k8s.corp.example", "*.corp.example", true],
    ["k8s.corp.example", "K8S.corp.example:6443", true],
    ["k8s.corp.example", "k8s.corp.example:443", false],
    ["k8s.corp.example", "8s.corp.example", false],
    ["corp.example", ".corp.example", false],
    ["10.1.2.3", "other, 10.0.0.0/8", true],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.3:443", false],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["fd00::5", "fd00::/8", true],
    ["10.1.2.3", "10.0.0.0/99", false],
  ];
  for (const [host, noProxy, expected] of spared) {
    it(`${expected ? "spares" : "takes"} ${host} with NO_PROXY="${noProxy}"`, () => {
      const found = through({ ...far, host }, { ...set, NO_PROXY: noProxy });
      assert.strictEqual(found === undefined, expected);
    });
  }

  it("may want a name and a password", () => {
    const { username, password } = parseProxy("http://me:p%40ss@p:1") ?? {};
    assert.deepStrictEqual([username, password], ["me", "p@ss"]);
  });
});

describe("a request is sent again", () => {
  const seconds = (
    outcome: Parameters<typeof repeatAfter>[0]["outcome"],
    repeats = 0,
    isSafe = false,
  ) => {
    const wait = repeatAfter({ repeats, isSafe, outcome });
    return wait && Duration.toSeconds(wait);
  };
  const answered = (status: number, retryAfter?: string) =>
    ({ _tag: "Answered", status, retryAfter }) as const;

  it("whatever its verb, when the server says after how many seconds: ten times", () => {
    assert.strictEqual(seconds(answered(429, "1")), 1);
    assert.strictEqual(seconds(answered(503, "7")), 7);
    assert.strictEqual(seconds(answered(500, "0")), 0);
    assert.strictEqual(seconds(answered(429, "1"), 9), 1);
    assert.isUndefined(seconds(answered(429, "1"), 10));
    assert.isUndefined(seconds(answered(429, "86400")));
    assert.isUndefined(seconds(answered(404, "1")));
    assert.isUndefined(seconds(answered(503, "Fri, 27 Nov 2026 20:00:00 GMT")));
  });

  it("without a time only where it was not done, or does no harm", () => {
    assert.strictEqual(seconds(answered(429)), 0.2);
    assert.isUndefined(seconds(answered(429), 3));
    assert.isUndefined(seconds(answered(503)));
    assert.strictEqual(seconds(answered(503), 1, true), 0.4);
    assert.isUndefined(seconds({ _tag: "Broken" }));
    assert.strictEqual(seconds({ _tag: "Broken" }, 0, true), 0.2);
  });
});

describe("the pace", () => {
  it("is halved by a refusal, never to nothing, and comes back with answers", () => {
    let state = FULL_PACE;
    for (let refusals = 0; refusals < 9; refusals += 1) state = afterAnswer(state, "turned-away");
    assert.strictEqual(state.limit, 1);
    for (let answers = 0; answers < 1000; answers += 1) state = afterAnswer(state, "answered");
    assert.deepStrictEqual(state, FULL_PACE);
  });

  it("is one for each API group", () => {
    assert.strictEqual(groupOf("/apis/apps/v1/namespaces/a/deployments/b"), "/apis/apps");
    assert.strictEqual(groupOf("/apis/apps"), "/apis/apps");
    assert.strictEqual(groupOf("/api/v1/namespaces/a/secrets?limit=1"), "/api");
    assert.strictEqual(groupOf("/version"), "/version");
  });
});

describe("a credential plugin", () => {
  const V1 = "client.authentication.k8s.io/v1";
  const printed = (status: unknown, apiVersion = V1) =>
    JSON.stringify({ kind: "ExecCredential", apiVersion, status });
  const read = (text: string) => {
    const answer = readExecCredential(text, V1);
    return typeof answer === "string"
      ? answer
      : [answer.credential.authorization, answer.expiresAt];
  };

  it("prints a token, which may end", () => {
    assert.deepStrictEqual(read(printed({ token: "t" })), ["Bearer t", undefined]);
    assert.deepStrictEqual(
      read(printed({ token: "t", expirationTimestamp: "2026-11-27T20:00:00Z" })),
      ["Bearer t", Date.UTC(2026, 10, 27, 20)],
    );
    assert.deepStrictEqual(read(`kind: ExecCredential\napiVersion: ${V1}\nstatus: {token: t}\n`), [
      "Bearer t",
      undefined,
    ]);
  });

  it("is told what is wrong with its answer, in words that quote nothing of it", () => {
    const answers = [
      "Update available\n{}",
      "",
      printed({ token: "S3cr3t" }, `${V1}beta1`),
      printed(null),
      printed({}),
      printed({ clientCertificateData: "S3cr3t" }),
      printed({ clientCertificateData: "S3cr3t", clientKeyData: "S3cr3t" }),
      printed({ token: "S3cr3t", expirationTimestamp: "tomorrow" }),
    ];
    const said = answers.map(read);
    assert.strictEqual(new Set(said).size, answers.length - 1);
    for (const one of said) {
      assert.isString(one);
      assert.notInclude(String(one), "S3cr3t");
    }
  });

  it("learns of the cluster only when it wants to", () => {
    const access: ClusterAccess = {
      context: "x",
      server: { isTls: true, host: "h", port: 443, prefix: "", auth: undefined },
      ca: undefined,
      insecure: false,
      tlsServerName: "name",
      proxyUrl: undefined,
      disableCompression: false,
      login: { _tag: "Anonymous" },
      certificate: undefined,
      impersonation: {},
      execConfig: { audience: "a" },
      entries: undefined,
    };
    const info = (provideClusterInfo: boolean) =>
      JSON.parse(
        execInfo(
          access,
          { apiVersion: V1, provideClusterInfo },
          { interactive: true, authority: "ca" },
        ),
      );
    assert.deepStrictEqual(info(false), {
      kind: "ExecCredential",
      apiVersion: V1,
      spec: { interactive: true },
    });
    assert.deepStrictEqual(info(true).spec.cluster, {
      server: "https://h",
      "tls-server-name": "name",
      "certificate-authority-data": "Y2E=",
      config: { audience: "a" },
    });
  });
});
