import { assert, describe, it } from "@effect/vitest";
import { Redacted, Result } from "effect";
import { decodePullSecret, pullSecretObject } from "../../../src/domain/install/pull-secret.ts";
import { describePullSecretProblem } from "../../../src/words/install/pull-secret.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const PASSWORD = "pull-password-0123";
const auth = base64(`robot$acme:${PASSWORD}`);
const config = (auths: unknown) => JSON.stringify({ auths });
const decode = (text: string, registry = "gcr.io/acme/tars") =>
  decodePullSecret(Redacted.make(text), registry);

describe("a pull secret is taken", () => {
  it.each([
    ["as JSON", config({ "gcr.io": { auth } }), "gcr.io/acme/tars"],
    ["in base64", base64(config({ "gcr.io": { auth } })), "gcr.io/acme/tars"],
    [
      "in base64 with line breaks",
      `${base64(config({ "gcr.io": { auth } })).replace(/(.{20})/g, "$1\n")}\n`,
      "gcr.io",
    ],
    ["with a URL for a host", config({ "https://gcr.io/v2/": { auth } }), "gcr.io/acme"],
    ["with a port", config({ "registry.acme:5000": { auth } }), "registry.acme:5000/tars"],
    [
      "with user and password apart",
      config({ "gcr.io": { username: "u", password: "p" } }),
      "gcr.io",
    ],
    ["with a token", config({ "gcr.io": { identitytoken: "t" } }), "gcr.io"],
    [
      "for Docker Hub, under its old name",
      config({ "https://index.docker.io/v1/": { auth } }),
      "docker.io/acme",
    ],
    ["for Docker Hub, where a name has no host", config({ "docker.io": { auth } }), "acme/tars"],
    ["for any registry, where the images are public", config({ "gcr.io": { auth } }), ""],
  ])("%s", (_, text, registry) => {
    assert.isTrue(Result.isSuccess(decode(text, registry)));
  });

  it("into a Secret that a kubelet understands", () => {
    const decoded = decode(base64(config({ "gcr.io": { auth } })));
    assert.isTrue(Result.isSuccess(decoded));
    if (Result.isFailure(decoded)) return;
    assert.deepInclude(pullSecretObject(decoded.success, "tars-dataplane"), {
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": base64(config({ "gcr.io": { auth } })) },
    });
  });
});

describe("a pull secret is refused", () => {
  it.each([
    ["when it is empty", "", /found nothing/],
    ["when it is blank", " \n", /found nothing/],
    ["when it is neither JSON nor base64", `user:${PASSWORD}`, /neither/],
    ["when its base64 holds no JSON", base64(PASSWORD), /not JSON/],
    ["when it is cut short", config({ "gcr.io": { auth } }).slice(0, -4), /not JSON/],
    ["when it is a list", base64("[]"), /"auths"/],
    ["without auths", "{}", /"auths"/],
    ["with empty auths", config({}), /"auths"/],
    ["with auths that are a text", config("gcr.io"), /"auths"/],
    ["for another host", config({ "quay.io": { auth } }), /for gcr.io, found those for quay.io/],
    [
      "for a host that only begins alike",
      config({ "gcr.io.evil.example": { auth } }),
      /for gcr.io,/,
    ],
    ["with an entry that is no mapping", config({ "gcr.io": PASSWORD }), /neither a user/],
    ["with empty credentials", config({ "gcr.io": {} }), /neither a user/],
    [
      "with credentials that are not base64",
      config({ "gcr.io": { auth: "***" } }),
      /neither a user/,
    ],
    [
      "with credentials without a password",
      config({ "gcr.io": { auth: base64("robot:") } }),
      /neither/,
    ],
    ["with a user alone", config({ "gcr.io": { username: "u" } }), /neither/],
  ])("%s, without quoting it", (_, text, expected) => {
    const decoded = decode(text);
    assert.isTrue(Result.isFailure(decoded));
    if (Result.isSuccess(decoded)) return;
    const words = describePullSecretProblem(decoded.failure);
    assert.match(words, expected);
    assert.notInclude(words, PASSWORD);
    assert.notInclude(words, auth);
  });
});
