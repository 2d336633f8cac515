/** Certificates and keys, given as text or in files that are replaced while a run goes on. */
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { Effect } from "effect";
import type { KubectlError } from "../Kubectl.ts";
import type { Pem } from "../kubeconfig/access.ts";
import { noCredential } from "./credential.ts";

const readPem = (pem: Pem, field: string) =>
  pem._tag === "Text"
    ? Effect.succeed(pem.text)
    : Effect.tryPromise({
        try: () => readFile(pem.file, "utf8"),
        catch: () => noCredential(`the file of ${field} cannot be read`),
      });

/**
 * The parts as they are now, and the same object for as long as they do not change. While their files are being replaced
 * they might not fit together: then what was read before stands.
 */
const watched = <A>(
  read: Effect.Effect<A, KubectlError>,
  isSame: (before: A, after: A) => boolean,
  check: (parts: A) => void,
  problem: string,
): Effect.Effect<A, KubectlError> => {
  let last: A | undefined;
  return Effect.suspend(() => {
    const before = last;
    return read.pipe(
      Effect.flatMap((next) =>
        before !== undefined && isSame(before, next)
          ? Effect.succeed(before)
          : Effect.try({
              try: () => {
                check(next);
                return next;
              },
              catch: () => noCredential(problem),
            }),
      ),
      Effect.catch((error) => (before === undefined ? Effect.fail(error) : Effect.succeed(before))),
      Effect.tap((parts) =>
        Effect.sync(() => {
          last = parts;
        }),
      ),
    );
  });
};

export const watchedAuthority = (ca: Pem): Effect.Effect<string, KubectlError> =>
  watched(
    readPem(ca, "certificate-authority"),
    (before, after) => before === after,
    (text) => {
      if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error("no certificate");
      createSecureContext({ ca: text });
    },
    "the cluster's certificate authority holds no certificate in PEM format",
  );

interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

export const watchedPair = (pair: {
  readonly cert: Pem;
  readonly key: Pem;
}): Effect.Effect<CertificatePair, KubectlError> =>
  watched(
    Effect.all({
      cert: readPem(pair.cert, "client-certificate"),
      key: readPem(pair.key, "client-key"),
    }),
    (before, after) => before.cert === after.cert && before.key === after.key,
    createSecureContext,
    "the client certificate and its key are not PEM, or do not belong together",
  );
