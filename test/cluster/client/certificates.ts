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

/** Returns the files of certificate and key, `NAME.crt` and `NAME.key`. */
const signItself = (folder: string, name: string, ...extensions: ReadonlyArray<string>): Pair => {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = ["-subj", `/CN=${name}`, "-days", "2", ...extensions];
  openssl("req", "-x509", ...KEY, "-keyout", key, "-out", cert, ...subject);
  return { cert, key };
};

/** Returns the file of its certificate. */
export const makeAuthority = (folder: string): string => signItself(folder, "clients").cert;

const DAY_SECONDS = 86_400;

/** A certificate of that user, who is in that group; it ends after so many seconds. */
export const issue = (folder: string, user: string, group: string, seconds = DAY_SECONDS): Pair => {
  const [cert, key, request] = ["crt", "key", "csr"].map((end) =>
    join(folder, `${user}.${end}`),
  ) as [string, string, string];
  openssl("req", ...KEY, "-keyout", key, "-out", request, "-subj", `/O=${group}/CN=${user}`);
  const config = save(
    join(folder, "ca.cnf"),
    `[ca]
default_ca = clients
[clients]
database = ${save(join(folder, "ca.index"), "")}
new_certs_dir = ${folder}
rand_serial = yes
certificate = ${join(folder, "clients.crt")}
private_key = ${join(folder, "clients.key")}
default_md = sha256
policy = any
[any]
organizationName = supplied
commonName = supplied
`,
  );
  const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+|[-:T]/g, "");
  const files = ["-in", request, "-out", cert];
  openssl("ca", "-batch", "-notext", "-config", config, ...files, "-enddate", end);
  return read(cert, key);
};

/** One for a server on loopback, trusted by nobody but those who have it. */
export const selfSigned = (folder: string, name: string): Pair => {
  const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const { cert, key } = signItself(folder, name, ...names);
  return read(cert, key);
};

export const save = (file: string, text: string, mode = 0o600): string => {
  writeFileSync(file, text, { mode });
  return file;
};
