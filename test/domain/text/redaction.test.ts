import { generateKeyPairSync } from "node:crypto";
import { assert, describe, it } from "@effect/vitest";
import { Redacted, Schema } from "effect";
import { looksSecret, redactText, truncateUtf8 } from "../../../src/domain/text/redaction.ts";

const SecretText = Schema.String.check(Schema.isMinLength(12), Schema.isMaxLength(60));

describe("a known secret", () => {
  it.prop(
    "never survives, wherever and however often it stands",
    [SecretText, Schema.String, Schema.String],
    ([secret, before, after]) => {
      const text = `${before}${secret}${after} ${secret}`;
      assert.notInclude(redactText(text, [Redacted.make(secret)]), secret);
    },
  );

  it.prop(
    "never survives in text that quotes it as JSON",
    [SecretText, Schema.String],
    ([secret, key]) => {
      const text = `values: ${JSON.stringify({ [`k${key.length}`]: secret })}`;
      const redacted = redactText(text, [Redacted.make(secret)]);
      assert.notInclude(redacted, secret);
      assert.notInclude(redacted, JSON.stringify(secret).slice(1, -1));
    },
  );

  it.prop(
    "leaves no tail behind when another secret is its beginning",
    [SecretText, SecretText],
    ([short, tail]) => {
      const long = `${short}${tail}`;
      for (const secrets of [
        [short, long],
        [long, short],
      ]) {
        const redacted = redactText(
          `a ${long} b`,
          secrets.map((secret) => Redacted.make(secret)),
        );
        assert.notInclude(redacted, tail);
      }
    },
  );

  it("is replaced literally, whatever its characters mean to a regular expression", () => {
    assert.strictEqual(
      redactText("x a.*$&(b)+ y azzz(b) z", [Redacted.make("a.*$&(b)+")]),
      "x [redacted] y azzz(b) z",
    );
  });

  it("is replaced in quoted text from its first to its last character", () => {
    const secret = 'a"bc\ndef"';
    assert.strictEqual(
      redactText(`x ${JSON.stringify(secret)} y`, [Redacted.make(secret)]),
      'x "[redacted]" y',
    );
  });

  it("of a few letters does not blank out ordinary words", () => {
    assert.strictEqual(redactText("the pod is ready", [Redacted.make("pod")]), "the pod is ready");
    assert.strictEqual(redactText("12345 67890", [Redacted.make("12345")]), "12345 67890");
    assert.strictEqual(redactText("123456 7890", [Redacted.make("123456")]), "[redacted] 7890");
  });
});

describe("text that looks like a secret", () => {
  const key = (type: "pkcs1" | "pkcs8") =>
    String(
      generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
        type,
        format: "pem",
      }),
    );

  it.each(["pkcs1", "pkcs8"] as const)("is a PEM private key (%s)", (type) => {
    const text = key(type);
    const redacted = redactText(`before ${text} after`);
    assert.strictEqual(redacted.replace(/\n/, ""), "before [redacted key] after");
  });

  it("is a PEM private key that was cut off, or put on one line", () => {
    const text = key("pkcs8");
    const body = text.split("\n")[2] as string;
    assert.notInclude(redactText(`cut ${text.slice(0, 200)}`), body);
    assert.notInclude(redactText(`escaped ${JSON.stringify(text)} on`), body);
    assert.match(redactText(`escaped ${JSON.stringify(text)} on`), /\[redacted key\].* on$/);
  });

  it("each of two PEM keys is redacted, and what stands between them kept", () => {
    const redacted = redactText(`${key("pkcs1")} between ${key("pkcs8")}`);
    assert.strictEqual(redacted.match(/\[redacted key\]/g)?.length, 2);
    assert.include(redacted, " between ");
  });

  it("a public key or a certificate is no secret", () => {
    const text = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    assert.strictEqual(redactText(text), text);
  });

  it.each([
    ["Authorization: Bearer abcdef123456", "Authorization: Bearer [redacted]"],
    ["authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted]"],
    ["token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "token [redacted token]."],
    ["my-jwt-eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "my-jwt-[redacted token]"],
    ["https://user:hunter22@example.com/x", "https://user:[redacted]@example.com/x"],
    ["redis://:hunter22@redis:6379/0", "redis://:[redacted]@redis:6379/0"],
    [
      "openai: invalid api key sk-proj-AbCdEf1234567890",
      "openai: invalid api key [redacted token]",
    ],
    ["key sk-ant-api03-AbCd_Ef-1234567890abcdef is over", "key [redacted token] is over"],
    ["password=hunter2hunter2", "password=[redacted]"],
    ["redis: PASSWORD: hunter2hunter2, next", "redis: PASSWORD: [redacted], next"],
    ['{"client_secret":"Ab12-cd34ef","x":1}', '{"client_secret":"[redacted]","x":1}'],
    ["x-api-key: AAAABBBBCCCC", "x-api-key: [redacted]"],
    ["X-Api-Key=AAAABBBBCCCC", "X-Api-Key=[redacted]"],
    ["AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=[redacted]"],
    ["id AKIAIOSFODNN7EXAMPLE used", "id [redacted token] used"],
    ["clone with ghp_0123456789abcdefABCDEF0123456789abcd", "clone with [redacted token]"],
    ["github_pat_11ABCDEFG0123456789_abcdef", "[redacted token]"],
    ["glpat-ABCdef0123456789_-xy", "[redacted token]"],
    ["xoxb-123456789012-abcdefABCDEF", "[redacted token]"],
    ["hf_abcdefghijklmnopqrstuvwx", "[redacted token]"],
    ["Authorization: Token abcdef123456", "Authorization: Token [redacted]"],
    ["authorization=ApiKey abcdef123456", "authorization=ApiKey [redacted]"],
    ["Authorization: abcdef123456", "Authorization: [redacted]"],
    [
      "redis-server --requirepass hunter22 --port 1",
      "redis-server --requirepass [redacted] --port 1",
    ],
    ["GET /v1/models?key=AbCdEf123 HTTP/1.1", "GET /v1/models?key=[redacted] HTTP/1.1"],
    ["postgres://u:p%40ss@db, amqp://v:w@mq", "postgres://u:[redacted]@db, amqp://v:[redacted]@mq"],
  ])("%s", (text, redacted) => {
    assert.strictEqual(redactText(text), redacted);
  });

  it.each([
    'Get "https://10.96.0.1:443/version": dial tcp 10.96.0.1:443: connect: connection refused',
    'Deployment.apps "tars-dp" is invalid: spec.selector: field is immutable',
    "registry.example.com/tars@sha256:0123456789abcdef: not found",
    "see https://example.com/a and mail ops@example.com",
    "the bearer of bad news",
    "max_tokens=4096 completion_tokens: 1234567 token_count=123456",
    'secret "tars-redis-auth" not found',
    "password: authentication failed",
    "token: expired or invalid",
    "imagePullSecretName=acme-pull",
    "couldn't find key redis-password in Secret tars-system/tars-redis-auth",
    "the api key: not configured",
  ])("%s has none and stays as it is", (text) => {
    assert.strictEqual(redactText(text), text);
  });

  it("is looked for in time that grows with the text, whoever wrote it", () => {
    const texts = [
      "a.",
      "secret",
      "token=",
      "password: ",
      "-----BEGIN PRIVATE KEY-----",
      "sk-a_",
      "Bearer ",
    ];
    const startedAt = performance.now();
    for (const text of texts) redactText(text.repeat(20_000));
    assert.isBelow(performance.now() - startedAt, 5_000);
  });

  it.prop("redacting twice is redacting once", [Schema.String], ([text]) => {
    assert.strictEqual(redactText(redactText(text)), redactText(text));
  });
});

describe("text that was written to be looked through for ever", () => {
  // Each of 2 MiB; what begins anew at every repetition would take minutes.
  it.each([
    "eyJ-",
    "eyJ-.",
    "password:",
    "--api-key ",
    "authorization: ",
    "-----BEGIN ",
    "sk-",
    "//a:a:",
  ])("%s, over and over, is looked through at once", (bait) => {
    const startedAt = performance.now();
    redactText(bait.repeat((2 * 1024 * 1024) / bait.length));
    assert.isBelow(performance.now() - startedAt, 10_000);
  });
});

describe("a name that promises a secret", () => {
  it.each([
    "redis.password",
    "redis.passwd",
    "db.passphrase",
    "adminPassword",
    "redis.passwords",
    "redis.passwordValue",
    "auth.token",
    "apiToken",
    "api-key",
    "api_key",
    "apiKey",
    "tls.privateKey",
    "private-key",
    "cloud.credentials",
    "clientSecret",
    "otelCollector.exporters.otlp.headers.Authorization",
    "exporters.otlp.headers",
    "X-HEADER",
  ])("%s", (name) => {
    assert.isTrue(looksSecret(name));
  });

  it.each([
    "global.imageRegistry",
    "redis.type",
    "ha.enabled",
    "shutdown.drainTimeout",
    "keyspace",
    "monkey",
    "passive",
    "headless",
    "author",
  ])("%s does not", (name) => {
    assert.isFalse(looksSecret(name));
  });
});

describe("truncateUtf8", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const Wide = Schema.String.check(Schema.isPattern(/^(?:[a-c]|é|€|😀|[0-9]){0,60}$/u));

  it.prop(
    "never exceeds the limit and never splits a character",
    [Wide, Schema.Int.check(Schema.isBetween({ minimum: 3, maximum: 90 }))],
    ([text, limit]) => {
      const cut = truncateUtf8(text, limit);
      assert.isAtMost(bytes(cut), limit);
      assert.notInclude(cut, "\uFFFD");
      assert.isTrue(cut.isWellFormed());
      assert.isTrue(cut === text || (cut.endsWith("…") && text.startsWith(cut.slice(0, -1))));
    },
  );

  it.prop(
    "wastes at most one character",
    [Wide, Schema.Int.check(Schema.isBetween({ minimum: 3, maximum: 90 }))],
    ([text, limit]) => {
      if (bytes(text) > limit) assert.isAbove(bytes(truncateUtf8(text, limit)), limit - 4);
    },
  );

  it.prop("holds for any text, lone surrogates included", [Schema.String], ([text]) => {
    for (let limit = 3; limit < 12; limit++)
      assert.isAtMost(bytes(truncateUtf8(text, limit)), limit);
  });

  it.each([
    ["", 3, ""],
    ["abc", 3, "abc"],
    ["abcd", 4, "abcd"],
    ["abcde", 4, "a…"],
    ["ééé", 6, "ééé"],
    ["éééé", 6, "é…"],
    ["€€", 5, "…"],
    ["😀😀", 8, "😀😀"],
    ["😀😀😀", 8, "😀…"],
    ["a😀😀", 7, "a…"],
  ])("%s at %d bytes is %s", (text, limit, cut) => {
    assert.strictEqual(truncateUtf8(text, limit), cut);
  });
});
