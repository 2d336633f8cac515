/**
 * `npm run release:checksums -- --key FILE`: hashes of everything in `build/` that is released (executables, packages, the list of
 * what is inside) into `build/SHA256SUMS`, and a detached signature of it by the private key in FILE (PEM: Ed25519, ECDSA or RSA;
 * `TARE_RELEASE_KEY_PASSPHRASE` opens an encrypted one). Without a network.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./build/bundle.ts";
import { writeChecksums } from "./build/checksums.ts";

const RELEASED = /^tare-.*(?<!\.copy)$|\.tgz$|\.cdx\.json$/;

const { values } = parseArgs({
  options: {
    key: { type: "string" },
    folder: { type: "string", default: join(ROOT, "build") },
  },
});
const { key: keyFile, folder } = values;
if (keyFile === undefined) {
  console.error("--key names the file of the private key that signs");
  process.exit(2);
}
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile() && RELEASED.test(entry.name))
  .map(({ name }) => join(folder, name));
if (files.length === 0) {
  console.error(`nothing to release in ${folder}: npm run build`);
  process.exit(1);
}
const passphrase = process.env.TARE_RELEASE_KEY_PASSPHRASE;
const { publicKey, verify } = writeChecksums(folder, files, { keyFile, passphrase });
console.log(`${files.length} files, signed; with this as KEY.pub:\n${publicKey}${verify}`);
