/** The hashes of what is released, signed by a key that the releaser gives. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const SUMS = "SHA256SUMS";

/** As `sha256sum -c` takes it, in the order of their names. */
export const checksums = (files: ReadonlyArray<string>): string =>
  files
    .map((file) => [basename(file), createHash("sha256").update(readFileSync(file)).digest("hex")])
    .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1))
    .map(([name, hash]) => `${hash}  ${name}\n`)
    .join("");

/** Ed25519 signs the text itself, every other kind its SHA-256. */
export const detachedSignature = (text: string, key: KeyObject): Buffer =>
  sign(key.asymmetricKeyType === "ed25519" ? null : "sha256", Buffer.from(text), key);

/** How anybody verifies it, with the public half of the key. */
export const verifyCommand = (key: KeyObject): string =>
  key.asymmetricKeyType === "ed25519"
    ? `openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in ${SUMS} -sigfile ${SUMS}.sig`
    : `openssl dgst -sha256 -verify KEY.pub -signature ${SUMS}.sig ${SUMS}`;

export interface Signing {
  /** Of the private key, in PEM. */
  readonly keyFile: string;
  readonly passphrase: string | undefined;
}

/** Writes both files beside what is released; returns the public key in PEM and how to verify. */
export const writeChecksums = (
  folder: string,
  files: ReadonlyArray<string>,
  { keyFile, passphrase }: Signing,
): { readonly publicKey: string; readonly verify: string } => {
  const key = createPrivateKey({
    key: readFileSync(keyFile),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  const text = checksums(files);
  writeFileSync(join(folder, SUMS), text);
  writeFileSync(join(folder, `${SUMS}.sig`), detachedSignature(text, key));
  const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" }) as string;
  return { publicKey, verify: verifyCommand(key) };
};
