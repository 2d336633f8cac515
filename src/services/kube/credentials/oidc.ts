/**
 * `auth-provider: oidc` as kubectl keeps it: the id-token until it expires, then another one for the refresh-token. What is
 * issued is written back to the kubeconfig, since many issuers take a refresh-token only once.
 */
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { Clock, Effect } from "effect";
import { parseDocument } from "yaml";
import { fieldAt, numberAt, stringAt } from "../../../domain/kube/objects.ts";
import type { KubectlError } from "../Kubectl.ts";
import type { Origin } from "../kubeconfig/decode.ts";
import { parseServer } from "../kubeconfig/server.ts";
import { makeAgents } from "../transport/agents.ts";
import { proxyOf } from "../transport/proxy.ts";
import { type IssuedCredential, noCredential } from "./credential.ts";
import { sharedCredential } from "./shared.ts";

type Config = ReadonlyMap<string, string>;

/** A token that ends within this time counts as ended. */
const EARLY_MILLIS = 10_000;
const ANSWER_MILLIS = 30_000;
const MOST_BYTES = 1024 * 1024;

const refused = (problem: string): KubectlError => noCredential(`OpenID Connect: ${problem}`);

/** In milliseconds since 1970; `undefined` when it is no JSON Web Token. */
const expiryOf = (token: string): number | undefined => {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return (numberAt(JSON.parse(payload), "exp") ?? 0) * 1000;
  } catch {
    return undefined;
  }
};

const issuedFor = (token: string, expiry: number): IssuedCredential => ({
  credential: { authorization: `Bearer ${token}`, certificate: undefined },
  expiresAt: expiry - EARLY_MILLIS,
});

interface Post {
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

const ask = (url: string, authority: string | undefined, post?: Post) =>
  Effect.callback<{ readonly status: number; readonly body: unknown }, KubectlError>((resume) => {
    const server = parseServer(url);
    const proxy = server?.isTls === true ? proxyOf(server, undefined, process.env) : "invalid";
    if (server === undefined || proxy === "invalid") {
      return resume(Effect.fail(refused("the issuer's address is no https URL")));
    }
    const trust = { authority, insecure: false, serverName: undefined, certificate: undefined };
    const fail = (problem: string) => resume(Effect.fail(refused(`the issuer ${problem}`)));
    const sent = request(
      url,
      {
        agent: makeAgents(server, proxy, trust).streams,
        method: post === undefined ? "GET" : "POST",
        timeout: ANSWER_MILLIS,
        headers: {
          accept: "application/json",
          ...(post === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          ...(post?.authorization === undefined ? {} : { authorization: post.authorization }),
        },
      },
      (response) => {
        const chunks: Array<Buffer> = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MOST_BYTES) sent.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        response.on("error", (cause) => fail(`does not answer: ${cause.message}`));
        response.on("end", () => {
          try {
            const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
            resume(Effect.succeed({ status: response.statusCode ?? 0, body }));
          } catch {
            fail(`does not answer in JSON (HTTP ${response.statusCode})`);
          }
        });
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("timeout")));
    sent.once("error", (cause) => fail(`does not answer: ${cause.message}`));
    sent.end(post?.form.toString());
    return Effect.sync(() => sent.destroy());
  });

const authorityOf = (config: Config): Effect.Effect<string | undefined, KubectlError> => {
  const data = config.get("idp-certificate-authority-data") ?? "";
  if (data !== "") return Effect.succeed(Buffer.from(data, "base64").toString());
  const file = config.get("idp-certificate-authority") ?? "";
  return file === ""
    ? Effect.succeed(undefined)
    : Effect.tryPromise({
        try: () => readFile(file, "utf8"),
        catch: () => refused("the file of idp-certificate-authority cannot be read"),
      });
};

const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`;

/** Those of RFC 6749, section 5.2: anything else an issuer says could hold a secret. */
const ERROR_CODES = [
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
];

const errorCode = (body: unknown): ReadonlyArray<string> =>
  ERROR_CODES.filter((code) => code === stringAt(body, "error"));

const refresh = Effect.fn("kube.oidc")(function* (config: Config) {
  const [issuer, id, secret, token] = [
    "idp-issuer-url",
    "client-id",
    "client-secret",
    "refresh-token",
  ].map((name) => config.get(name) ?? "") as [string, string, string, string];
  if (token === "") return yield* refused("the id-token has ended, and there is no refresh-token");
  const authority = yield* authorityOf(config);
  const found = yield* ask(
    `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    authority,
  );
  const endpoint = stringAt(found.body, "token_endpoint");
  if (endpoint === undefined) {
    return yield* refused(`the issuer names no token endpoint (HTTP ${found.status})`);
  }
  const form = { grant_type: "refresh_token", refresh_token: token };
  const inHeader = yield* ask(endpoint, authority, {
    form: new URLSearchParams(form),
    authorization: basic(id, secret),
  });
  // Some issuers want the client's name and secret beside the token instead.
  const answer =
    inHeader.status < 400
      ? inHeader
      : yield* ask(endpoint, authority, {
          form: new URLSearchParams({
            ...form,
            client_id: id,
            ...(secret === "" ? {} : { client_secret: secret }),
          }),
          authorization: undefined,
        });
  const idToken = stringAt(answer.body, "id_token");
  if (answer.status >= 400) {
    const why = [`HTTP ${answer.status}`, ...errorCode(answer.body)].join(", ");
    return yield* refused(`the issuer refused the refresh-token (${why}): log in again`);
  }
  if (idToken === undefined) return yield* refused("the issuer sent no id_token");
  return { idToken, refreshToken: stringAt(answer.body, "refresh_token") ?? token };
});

/** Of a file that cannot be written this run has the tokens all the same. */
const keep = ({ file }: Origin, user: string, tokens: Readonly<Record<string, string>>) =>
  Effect.ignore(
    Effect.tryPromise(async () => {
      const document = parseDocument(await readFile(file, "utf8"), {
        uniqueKeys: false,
        logLevel: "error",
      });
      const users = fieldAt(document.toJS(), "users");
      const index = Array.isArray(users)
        ? users.findIndex((entry) => fieldAt(entry, "name") === user)
        : -1;
      if (index === -1 || document.errors.length > 0) return;
      for (const [name, token] of Object.entries(tokens)) {
        document.setIn(["users", index, "user", "auth-provider", "config", name], token);
      }
      // Long lines of others stay as they are.
      await writeFile(file, document.toString({ lineWidth: 0 }));
    }),
  );

export const oidcCredential = (given: Config, origin: Origin | undefined, user: string) => {
  let config = given;
  return sharedCredential(
    Effect.gen(function* () {
      for (const name of ["idp-issuer-url", "client-id"]) {
        if ((config.get(name) ?? "") === "") return yield* refused(`${name} is missing`);
      }
      const now = yield* Clock.currentTimeMillis;
      const held = config.get("id-token") ?? "";
      if (held !== "") {
        const expiry = expiryOf(held);
        if (expiry === undefined) return yield* refused("the id-token is no JSON Web Token");
        if (now + EARLY_MILLIS < expiry) return issuedFor(held, expiry);
      }
      const { idToken, refreshToken } = yield* refresh(config);
      const tokens = { "id-token": idToken, "refresh-token": refreshToken };
      config = new Map([...config, ...Object.entries(tokens)]);
      if (origin !== undefined) yield* keep(origin, user, tokens);
      return issuedFor(idToken, expiryOf(idToken) ?? 0);
    }),
  );
};
