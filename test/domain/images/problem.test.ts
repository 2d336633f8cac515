import { assert, describe, it } from "@effect/vitest";
import { type ImageTrouble, isAbsence, troubleOf } from "../../../src/domain/images/problem.ts";

/** As crane prints them. */
const SAID: ReadonlyArray<readonly [ImageTrouble, string]> = [
  [
    "no-image",
    "GET http://127.0.0.1:5151/v2/none/manifests/1: MANIFEST_UNKNOWN: manifest unknown; unknown tag=1",
  ],
  ["no-image", "HEAD https://r.example.com/v2/a/manifests/1: unexpected status code 404 Not Found"],
  [
    "no-repository",
    "POST https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/tars/envoy/blobs/uploads/: NAME_UNKNOWN: The repository with name 'tars/envoy' does not exist in the registry with id '123456789012'",
  ],
  [
    "denied",
    "POST https://r.example.com/v2/a/blobs/uploads/: UNAUTHORIZED: authentication required; [map[Action:push]]",
  ],
  ["denied", "GET https://ghcr.io/token?scope=repository%3Aa%3Apull: DENIED: denied"],
  ["denied", "PUT https://r.example.com/v2/a/manifests/1: unexpected status code 403 Forbidden"],
  [
    "rate-limited",
    "GET https://index.docker.io/v2/library/redis/manifests/8: TOOMANYREQUESTS: You have reached your unauthenticated pull rate limit.",
  ],
  [
    "immutable",
    "PUT https://r.example.com/v2/a/manifests/1: TAG_INVALID: The image tag '1' already exists in the 'a' repository and cannot be overwritten because the repository is immutable.",
  ],
  [
    "unreachable",
    'Get "https://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  [
    "unreachable",
    'Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid: no such host',
  ],
  [
    "unreachable",
    'Get "https://r.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  ["unreachable", "GET https://r.example.com/v2/: unexpected status code 503 Service Unavailable"],
  ["unreachable", "no answer within 1m"],
  ["failed", "something that nobody has seen yet"],
];

describe("a registry's answer", () => {
  it.each(SAID)("%s: %s", (trouble, detail) => {
    assert.strictEqual(troubleOf(detail), trouble);
  });

  it("is not known by codes that stand in an address or a digest", () => {
    assert.strictEqual(troubleOf("GET https://r.example.com/v2/denied/404/429: eh"), "failed");
    assert.strictEqual(troubleOf(`blob sha256:${"404".repeat(21)}4 is odd`), "failed");
  });

  it("says that nothing is there only where it says so", () => {
    const absent = SAID.filter(([trouble]) => isAbsence(trouble)).map(([trouble]) => trouble);
    assert.deepStrictEqual(new Set(absent), new Set(["no-image", "no-repository"]));
  });
});
