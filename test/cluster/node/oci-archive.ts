import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ImageConfig {
  readonly Entrypoint?: ReadonlyArray<string>;
  readonly Env?: ReadonlyArray<string>;
  readonly WorkingDir?: string;
}

/**
 * Makes an image out of a folder without a container engine: an archive in OCI layout, of one layer. `scratch` is a
 * folder that does not exist yet, and does not afterwards.
 */
export function writeArchive(
  root: string,
  { names, config }: { readonly names: ReadonlyArray<string>; readonly config: ImageConfig },
  archive: string,
  scratch: string,
): void {
  const blobs = join(scratch, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (content: Buffer | string, mediaType: string) => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
  };
  const json = (content: object, type: string) =>
    put(JSON.stringify(content), `application/vnd.oci.image.${type}.v1+json`);

  // Not compressed: it travels nowhere.
  const packed = join(scratch, "layer.tar");
  tar(root, packed, ["."], ["--sort=name", "--mtime=@0", "--owner=0", "--group=0"]);
  const content = readFileSync(packed);
  const hex = createHash("sha256").update(content).digest("hex");
  renameSync(packed, join(blobs, hex));
  const layer = {
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    digest: `sha256:${hex}`,
    size: content.length,
  };
  const image = json(
    {
      architecture: "amd64",
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: [layer.digest] },
      history: [{ created_by: "tare test" }],
    },
    "config",
  );
  const manifest = json(
    {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: image,
      layers: [layer],
    },
    "manifest",
  );
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: names.map((name) => ({
      ...manifest,
      annotations: { "io.containerd.image.name": name },
    })),
  };
  writeFileSync(join(scratch, "index.json"), JSON.stringify(index));
  writeFileSync(join(scratch, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  tar(scratch, archive, ["oci-layout", "index.json", "blobs"]);
  rmSync(scratch, { recursive: true });
}

function tar(
  folder: string,
  archive: string,
  members: ReadonlyArray<string>,
  flags: ReadonlyArray<string> = [],
): void {
  execFileSync("tar", ["-C", folder, ...flags, "-cf", archive, ...members]);
}
