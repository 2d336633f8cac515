/**
 * A registry on loopback with one image whose layer cannot be had. Whoever copies it somewhere begins an upload there and
 * only then asks for the layer: that the layer was asked for says that the other side takes uploads, and nothing is stored.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Effect, type Scope } from "effect";

interface Decoy {
  /** To be copied. */
  readonly reference: string;
  readonly wasAsked: () => boolean;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const makeManifest = (layer: string): Buffer => {
  const config = Buffer.from("{}");
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      // With its content, so that nobody has to ask for it.
      config: {
        mediaType: "application/vnd.oci.empty.v1+json",
        digest: digestOf(config),
        size: config.length,
        data: config.toString("base64"),
      },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layer, size: 16 }],
    }),
  );
};

/** @param repository under which it is served: the target's own, since the token asked for names it */
export const decoyImage = (repository: string): Effect.Effect<Decoy, never, Scope.Scope> =>
  Effect.gen(function* () {
    // At random, so that no registry has it already.
    const layer = digestOf(randomBytes(16));
    const manifest = makeManifest(layer);
    let asked = false;
    const serve: RequestListener = ({ url = "" }, response) => {
      if (url === "/v2/") response.writeHead(200).end();
      else if (url.includes("/manifests/")) {
        response
          .writeHead(200, { "content-type": MANIFEST, "content-length": manifest.length })
          .end(manifest);
      } else {
        asked ||= url.endsWith(layer);
        response.writeHead(404).end();
      }
    };
    const server = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const started = createServer(serve);
        started.listen(0, "127.0.0.1", () => resume(Effect.succeed(started)));
      }),
      (started) =>
        Effect.sync(() => {
          started.closeAllConnections();
          started.close();
        }),
    );
    const { port } = server.address() as AddressInfo;
    return { reference: `127.0.0.1:${port}/${repository}:tare`, wasAsked: () => asked };
  });
