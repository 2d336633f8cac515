/** What goes out with a release: hashes, a signature, and a list of what is inside. */
import { execFileSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest";
import { checksums } from "../../scripts/build/checksums.ts";
import { type LockFile, objectionsTo } from "../../scripts/build/lock-file.ts";
import { narrowed, npmBom, packagesIn } from "../../scripts/build/sbom.ts";

const ROOT = join(import.meta.dirname, "../..");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tare-release-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: ReadonlyArray<string>) =>
  execFileSync(process.execPath, [join(ROOT, "scripts/release-checksums.ts"), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

describe("the checksums of a release", () => {
  const keys: ReadonlyArray<readonly [string, () => KeyObject]> = [
    ["Ed25519", () => generateKeyPairSync("ed25519").privateKey],
    ["ECDSA", () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
    ["RSA", () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ];

  it.each(keys)("are those of all files, signed by the key that is given: %s", (kind, generate) => {
    const key = generate();
    writeFileSync(join(folder, "key.pem"), key.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "tare-linux-x64"), "program");
    writeFileSync(join(folder, "tare-1.2.0.tgz"), "package");
    writeFileSync(join(folder, "tare.cdx.json"), "{}");
    writeFileSync(join(folder, "tare-linux-x64.copy"), "half");
    const printed = run("--key", join(folder, "key.pem"), "--folder", folder);

    const text = readFileSync(join(folder, "SHA256SUMS"));
    assert.deepStrictEqual(
      String(text)
        .trim()
        .split("\n")
        .map((line) => line.split("  ")[1]),
      ["tare-1.2.0.tgz", "tare-linux-x64", "tare.cdx.json"],
    );
    const signature = readFileSync(join(folder, "SHA256SUMS.sig"));
    const digest = kind === "Ed25519" ? null : "sha256";
    const [pem = ""] =
      /-----BEGIN PUBLIC KEY-----[\s\S]+-----END PUBLIC KEY-----/.exec(printed) ?? [];
    assert.isTrue(verify(digest, text, createPublicKey(pem), signature));
    const changed = Buffer.from(String(text).replace("tare-linux-x64", "tare-linux-x65"));
    assert.isFalse(verify(digest, changed, createPublicKey(pem), signature));
    assert.notInclude(printed, "PRIVATE");
  });

  it("are not written without a key", () => {
    writeFileSync(join(folder, "tare-linux-x64"), "program");
    assert.throws(() => run("--folder", folder), /--key names the file/);
  });

  it("stand in the order of the names, as sha256sum reads them", () => {
    writeFileSync(join(folder, "b"), "");
    writeFileSync(join(folder, "a"), "a");
    assert.strictEqual(
      checksums([join(folder, "b"), join(folder, "a")]),
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a\n" +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n",
    );
  });
});

describe("the list of what is inside", () => {
  it("names the packages that the bundle is made of, and Node, and nothing else", () => {
    const bundled = packagesIn([
      "src/main.ts",
      "node_modules/effect/dist/index.js",
      "node_modules/@effect/platform-node/dist/index.js",
      "../x/node_modules/yaml/browser/index.js",
    ]);
    assert.deepStrictEqual([...bundled], ["effect", "@effect/platform-node", "yaml"]);
    const { components, metadata, dependencies } = narrowed(npmBom(), bundled, "24.21.0");
    assert.deepStrictEqual(components.map(({ name }) => name).sort(), [
      "@effect/platform-node",
      "effect",
      "node",
      "yaml",
    ]);
    assert.strictEqual(metadata.component.name, "tare");
    assert.isTrue(dependencies.some(({ dependsOn }) => dependsOn.length > 0));
  });

  it("is not made where a package in the bundle is in no lock file", () => {
    assert.throws(() => narrowed(npmBom(), new Set(["left-pad"]), "24.21.0"), /left-pad/);
  });
});

describe("the lock file", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as LockFile;

  it("has a hash for each package of every platform, and licences that go with ours", () => {
    assert.deepStrictEqual(objectionsTo(lock), []);
  });

  it.each([
    ["no hash", { license: "MIT" }, /has no sha512/],
    ["a weak hash", { license: "MIT", integrity: "sha1-x" }, /has no sha512/],
    ["no licence", { integrity: "sha512-x" }, /has no licence/],
    ["another licence", { license: "AGPL-3.0", integrity: "sha512-x" }, /is under AGPL-3.0/],
    [
      "a registry of one machine",
      { license: "MIT", integrity: "sha512-x", resolved: "http://localhost/x.tgz" },
      /comes from/,
    ],
    [
      "a script of its own",
      { license: "MIT", integrity: "sha512-x", hasInstallScript: true },
      /runs a script/,
    ],
  ])("is objected to with %s", (_, one, words) => {
    assert.match(objectionsTo({ packages: { "": {}, "node_modules/a": one } }).join(), words);
  });
});
