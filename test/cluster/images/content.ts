/** Images of a few bytes as builders push them: an index of two platforms, and an attestation for one of them. */
import { createHash, randomBytes } from "node:crypto";
import type { TestRegistry } from "./registry.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

interface Content {
  readonly digest: string;
  readonly size: number;
}

interface Child extends Content {
  readonly mediaType: string;
  readonly platform: object;
  readonly annotations?: object;
}

const pushBlob = async (
  registry: TestRegistry,
  repository: string,
  bytes: Buffer,
): Promise<Content> => {
  const digest = digestOf(bytes);
  const begun = await registry.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const { pathname, search } = new URL(begun.headers.get("location") ?? "", "http://registry");
  const put = await registry.fetch(`${pathname}${search}&digest=${digest}`, {
    method: "PUT",
    body: new Uint8Array(bytes),
    headers: { "content-type": "application/octet-stream" },
  });
  if (put.status !== 201) throw new Error(`blob: ${put.status} ${await put.text()}`);
  return { digest, size: bytes.length };
};

const pushManifest = async (
  registry: TestRegistry,
  [repository, reference]: readonly [string, string | undefined],
  mediaType: string,
  content: object,
): Promise<Content> => {
  // Spaces that no program would write: only bytes that are passed on as they are keep the digest.
  const bytes = Buffer.from(`${JSON.stringify(content, null, 3)}\n`);
  const digest = digestOf(bytes);
  const put = await registry.fetch(`/v2/${repository}/manifests/${reference ?? digest}`, {
    method: "PUT",
    body: new Uint8Array(bytes),
    headers: { "content-type": mediaType },
  });
  if (put.status !== 201) throw new Error(`manifest: ${put.status} ${await put.text()}`);
  return { digest, size: bytes.length };
};

export interface PushedImage {
  readonly digest: string;
  readonly children: ReadonlyArray<string>;
}

export const pushImage = async (
  registry: TestRegistry,
  repository: string,
  tag: string,
  layerBytes = 2_000,
): Promise<PushedImage> => {
  const image = async (config: object, layerType: string, size: number) => {
    const layer = await pushBlob(registry, repository, randomBytes(size));
    const about = await pushBlob(registry, repository, Buffer.from(JSON.stringify(config)));
    return pushManifest(registry, [repository, undefined], MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...about },
      layers: [{ mediaType: layerType, ...layer }],
    });
  };
  const platforms = ["amd64", "arm64"];
  const children: Array<Child> = [];
  for (const architecture of platforms) {
    const config = { architecture, os: "linux", rootfs: { type: "layers", diff_ids: [] } };
    const child = await image(config, "application/vnd.oci.image.layer.v1.tar+gzip", layerBytes);
    children.push({ mediaType: MANIFEST, ...child, platform: { architecture, os: "linux" } });
  }
  const attestation = await image({}, "application/vnd.in-toto+json", 300);
  children.push({
    mediaType: MANIFEST,
    ...attestation,
    platform: { architecture: "unknown", os: "unknown" },
    annotations: {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": children[0]?.digest,
    },
  });
  const index = await pushManifest(registry, [repository, tag], INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: children,
  });
  return { digest: index.digest, children: children.map(({ digest }) => digest) };
};

/** The bytes under a name, or nothing. */
export const manifestBytes = async (
  registry: TestRegistry,
  repository: string,
  reference: string,
): Promise<Buffer | undefined> => {
  const answer = await registry.fetch(`/v2/${repository}/manifests/${reference}`, {
    headers: { accept: [INDEX, MANIFEST].join(", ") },
  });
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
};
