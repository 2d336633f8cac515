import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { afterEach, beforeEach } from "vitest";
import { stringify } from "yaml";
import { Pod } from "../../../../src/domain/kube/objects.ts";
import { Kubectl, type KubectlError } from "../../../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../../../src/services/kube/KubectlApi.ts";
import {
  type Answer,
  answerJson,
  kubeconfigFor,
  LOOPBACK_AUTHORITY,
  type LoopbackServer,
  startLoopbackServer,
} from "../loopback.ts";
import { LOOPBACK } from "../loopback-certificate.ts";

/** The live layer with `auth-provider: oidc`, against an issuer and an API server on loopback. */

/** An id-token that ends after so many seconds; `name` makes it differ from others. */
const idToken = (seconds: number, name = "t"): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return `${part({ alg: "RS256" })}.${part({ exp, name })}.S3cr3tSignature`;
};

const TOKEN_PATH = "/token";
const SECRETS = ["S3cr3t", "refresh-1", "refresh-2"];

let folder: string;
let api: LoopbackServer;
let issuer: LoopbackServer;
/** What the token endpoint answers. */
let grant: Answer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tare-oidc-"));
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "ns" } };
  api = await startLoopbackServer((response) => answerJson(response, pod));
  issuer = await startLoopbackServer((response, asked) =>
    asked.url === TOKEN_PATH
      ? grant(response, asked)
      : answerJson(response, { token_endpoint: `${issuer.url}${TOKEN_PATH}` }),
  );
});
afterEach(() => {
  api.close();
  issuer.close();
  rmSync(folder, { recursive: true });
});

const get = Effect.flatMap(Kubectl, (kubectl) =>
  kubectl.get({ type: Pod, name: "a", namespace: "ns" }),
);

const file = () => join(folder, "config");

const run = <A>(more: object, work: Effect.Effect<A, KubectlError, Kubectl>) =>
  Effect.suspend(() => {
    const login = {
      "idp-issuer-url": issuer.url,
      "idp-certificate-authority-data": LOOPBACK_AUTHORITY,
      "client-id": "kubectl",
      "client-secret": "S3cr3t",
      "id-token": idToken(-60),
      "refresh-token": "refresh-1",
      ...more,
    };
    const user = { "auth-provider": { name: "oidc", config: login } };
    const config = stringify(kubeconfigFor(api.url, user), { lineWidth: 0 });
    const text = `# kept by the platform team\n${config}`;
    writeFileSync(file(), text, { mode: 0o640 });
    return Effect.provide(work, layerKubectlApi({ kubeconfig: file(), context: undefined }));
  });

const bearers = () => api.asked.map(({ authorization }) => authorization);
const grants = () => issuer.asked.filter(({ url }) => url === TOKEN_PATH);

describe("an OpenID Connect login", () => {
  it.live("asks no issuer while its id-token is good", () => {
    const held = idToken(3600);
    return Effect.map(run({ "id-token": held }, get), () => {
      assert.deepStrictEqual(bearers(), [`Bearer ${held}`]);
      assert.deepStrictEqual(issuer.asked, []);
    });
  });

  it.live(
    "gets another id-token for the refresh-token, and writes both into the kubeconfig",
    () => {
      const next = idToken(3600);
      grant = (response) => answerJson(response, { id_token: next, refresh_token: "refresh-2" });
      return Effect.map(run({}, Effect.andThen(get, get)), () => {
        assert.deepStrictEqual(bearers(), [`Bearer ${next}`, `Bearer ${next}`]);
        const [asked, ...more] = grants();
        assert.deepStrictEqual(more, []);
        assert.strictEqual(
          asked?.authorization,
          `Basic ${Buffer.from("kubectl:S3cr3t").toString("base64")}`,
        );
        assert.strictEqual(asked?.body, "grant_type=refresh_token&refresh_token=refresh-1");
        const text = readFileSync(file(), "utf8");
        assert.include(text, "# kept by the platform team");
        assert.include(text, `id-token: ${next}`);
        assert.include(text, "refresh-token: refresh-2");
        assert.include(text, "client-id: kubectl");
        assert.strictEqual(statSync(file()).mode & 0o777, 0o640);
      });
    },
  );

  it.live("keeps its refresh-token where the issuer sends no other", () => {
    grant = (response) => answerJson(response, { id_token: idToken(3600) });
    return Effect.map(run({}, get), () =>
      assert.include(readFileSync(file(), "utf8"), "refresh-token: refresh-1"),
    );
  });

  it.live("leaves the rest of the kubeconfig as it is", () => {
    let before = "";
    grant = (response) => {
      before = readFileSync(file(), "utf8");
      answerJson(response, { id_token: idToken(3600), refresh_token: "refresh-2" });
    };
    const others = (text: string) =>
      text.split("\n").filter((line) => !/id-token|refresh-token/.test(line));
    const extra = { "extra-scopes": "a scope with a name that is long ".repeat(5) };
    return Effect.map(run(extra, get), () =>
      assert.deepStrictEqual(others(readFileSync(file(), "utf8")), others(before)),
    );
  });

  it.live("goes on with the refresh-token that came last", () => {
    // Ten seconds early counts as ended.
    let count = 0;
    grant = (response) => {
      count += 1;
      const seconds = count === 1 ? 5 : 3600;
      answerJson(response, { id_token: idToken(seconds), refresh_token: `refresh-${count + 1}` });
    };
    return Effect.map(run({}, Effect.andThen(get, get)), () =>
      assert.deepStrictEqual(
        grants().map(({ body }) => new URLSearchParams(body).get("refresh_token")),
        ["refresh-1", "refresh-2"],
      ),
    );
  });

  it.live("tells the client's secret beside the token to an issuer that wants it there", () => {
    const next = idToken(3600);
    grant = (response, { authorization, body }) =>
      authorization === undefined && new URLSearchParams(body).get("client_secret") === "S3cr3t"
        ? answerJson(response, { id_token: next })
        : answerJson(response, { error: "invalid_client" }, 401);
    return Effect.map(run({}, get), () => assert.deepStrictEqual(bearers(), [`Bearer ${next}`]));
  });

  it.live("trusts the issuer by an authority in a file, and by this machine's without one", () =>
    Effect.gen(function* () {
      grant = (response) => answerJson(response, { id_token: idToken(3600) });
      const authority = join(folder, "issuer.crt");
      writeFileSync(authority, LOOPBACK.cert);
      const none = { "idp-certificate-authority-data": "" };
      yield* run({ ...none, "idp-certificate-authority": authority }, get);
      const { detail } = yield* Effect.flip(run(none, get));
      assert.match(detail, /^OpenID Connect: the issuer does not answer: .*certificate/);
    }),
  );

  it.live("works on where the kubeconfig cannot be written", () => {
    grant = (response) => {
      rmSync(file());
      answerJson(response, { id_token: idToken(3600), refresh_token: "refresh-2" });
    };
    return Effect.map(run({}, Effect.andThen(get, get)), () =>
      assert.strictEqual(grants().length, 1),
    );
  });

  it.live("is lent to Helm, without its refresh-token", () => {
    grant = (response) => answerJson(response, { id_token: idToken(3600, "lent") });
    const handedOn = Effect.gen(function* () {
      const { kubeconfig } = yield* Effect.flatMap(Kubectl, ({ target }) => target);
      assert.isDefined(kubeconfig);
      return Redacted.value(yield* kubeconfig);
    });
    return Effect.map(run({}, handedOn), (text) => {
      for (const secret of SECRETS) assert.notInclude(text, secret);
      const { clusters, users } = JSON.parse(text);
      assert.strictEqual(clusters[0].cluster.server, api.url);
      assert.deepStrictEqual(Object.keys(users[0].user), ["exec"]);
    });
  });

  const failures: ReadonlyArray<readonly [string, object, Answer, RegExp]> = [
    [
      "without a refresh-token",
      { "refresh-token": "" },
      (response) => answerJson(response, {}),
      /the id-token has ended, and there is no refresh-token/,
    ],
    [
      "with a refresh-token that the issuer no longer takes",
      {},
      (response) =>
        answerJson(response, { error: "invalid_grant", error_description: "S3cr3t" }, 400),
      /the issuer refused the refresh-token \(HTTP 400, invalid_grant\): log in again/,
    ],
    [
      "whose issuer sends no id-token",
      {},
      (response) => answerJson(response, { access_token: "S3cr3t" }),
      /the issuer sent no id_token/,
    ],
    [
      "whose issuer sends a page",
      {},
      (response) => response.writeHead(502).end("<html>S3cr3t</html>"),
      /the issuer does not answer in JSON \(HTTP 502\)/,
    ],
    [
      "whose id-token is none",
      { "id-token": "S3cr3t" },
      (response) => answerJson(response, {}),
      /the id-token is no JSON Web Token/,
    ],
    [
      "that names no client",
      { "client-id": "" },
      (response) => answerJson(response, {}),
      /client-id is missing/,
    ],
  ];
  for (const [name, more, answer, text] of failures) {
    it.live(`${name} says so, and no secret`, () => {
      grant = answer;
      return Effect.map(Effect.flip(run(more, get)), ({ reason, message }) => {
        assert.strictEqual(reason, "Unauthorized");
        assert.match(message, text);
        for (const secret of SECRETS) assert.notInclude(message, secret);
        assert.deepStrictEqual(api.asked, []);
      });
    });
  }
});
