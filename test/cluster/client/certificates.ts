/** Certificates for people, signed by an authority that the API server is told of. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const openssl = (...args: ReadonlyArray<string>): void => {
  execFileSync("openssl", args, { stdio: "ignore" });
};

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const read = (cert: string, key: string): Pair => ({
  cert: readFileSync(cert, "utf8"),
  key: readFileSync(key, "utf8"),
});

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Returns the file of its certificate. */
export const makeAuthority = (folder: string): string => {
  const cert = join(folder, "clients.crt");
  const key = join(folder, "clients.key");
  openssl(
    "req",
    "-x509",
    ...KEY,
    "-keyout",
    key,
    "-out",
    cert,
    "-subj",
    "/CN=clients",
    "-days",
    "2",
  );
  return cert;
};

/** A certificate of that user, who is in that group. */
export const issue = (folder: string, user: string, group: string): Pair => {
  const [cert, key, request] = ["crt", "key", "csr"].map((end) =>
    join(folder, `${user}.${end}`),
  ) as [string, string, string];
  openssl("req", ...KEY, "-keyout", key, "-out", request, "-subj", `/O=${group}/CN=${user}`);
  const authority = ["-CA", join(folder, "clients.crt"), "-CAkey", join(folder, "clients.key")];
  openssl(
    "x509",
    "-req",
    "-in",
    request,
    ...authority,
    "-CAcreateserial",
    "-days",
    "2",
    "-out",
    cert,
  );
  return read(cert, key);
};

/** One for a server on loopback, trusted by nobody but those who have it. */
export const selfSigned = (folder: string, name: string): Pair => {
  const [cert, key] = ["crt", "key"].map((end) => join(folder, `${name}.${end}`)) as [
    string,
    string,
  ];
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  openssl(
    "req",
    "-x509",
    ...KEY,
    "-keyout",
    key,
    "-out",
    cert,
    "-subj",
    `/CN=${name}`,
    ...names,
    "-days",
    "2",
  );
  return read(cert, key);
};

export const save = (file: string, text: string, mode = 0o600): string => {
  writeFileSync(file, text, { mode });
  return file;
};
