import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";

/**
 * Node's own authorities and those of `SSL_CERT_FILE`; `undefined` where that is not set. `NODE_EXTRA_CA_CERTS` is among
 * Node's own already. Throws when the file cannot be read.
 */
export const authorities = (): Array<string> | undefined => {
  const file = process.env.SSL_CERT_FILE;
  if (file === undefined || file === "") return undefined;
  try {
    return [...getCACertificates("default"), readFileSync(file, "utf8")];
  } catch {
    throw new Error(`SSL_CERT_FILE=${file} cannot be read`);
  }
};
