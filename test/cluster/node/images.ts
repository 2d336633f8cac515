import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { toolPath } from "../tools.ts";
import type { ImageConfig } from "./oci-archive.ts";
import { envoy, envoyOlder, redis } from "./packages.ts";
import { partFolder } from "./parts.ts";
import { aiGatewayStub, otelCollector, pause, rateLimit, streams } from "./programs.ts";

/** An image of a few programs, and the libraries they load. */
export interface Image {
  readonly names: ReadonlyArray<string>;
  /** Where a program is in the image, and where it comes from. */
  readonly programs: Readonly<Record<string, string>>;
  /** Of libraries that are not the system's. */
  readonly libraries?: string;
  readonly config: ImageConfig;
}

export const pauseImage = "tare.test/pause:1";
export const streamsImage = "tare.test/streams:1";

const repository = join(import.meta.dirname, "../../..");

interface ChartImage {
  readonly repository: string;
  readonly tag: string;
}

/** The names that the chart of this checkout, and the one of an older release, give to an image. */
function chartNames(key: string): ReadonlyArray<string> {
  const names = ["chart/images.yaml", "test/charts/older/values.yaml"].map((file) => {
    const { images } = parse(readFileSync(join(repository, file), "utf8")) as {
      readonly images: Readonly<Record<string, ChartImage>>;
    };
    const image = images[key];
    if (image === undefined) throw new Error(`${file} has no image ${key}`);
    return `${image.repository}:${image.tag}`;
  });
  return [...new Set(names)];
}

const image = (
  names: ReadonlyArray<string>,
  path: string,
  source: string,
  config: ImageConfig = {},
): Image => ({ names, programs: { [path]: source }, config: { Entrypoint: [path], ...config } });

/**
 * Envoy and its gateway have the names of what they really are. For the others the version matters less: one program
 * has the names of both releases.
 */
export const images = (): ReadonlyArray<Image> => [
  image([pauseImage], "/pause", join(partFolder(pause), "pause")),
  image([streamsImage], "/streams", join(partFolder(streams), "streams")),
  image(
    ["docker.io/envoyproxy/gateway:v1.8.3"],
    "/usr/local/bin/envoy-gateway",
    toolPath("envoy-gateway"),
  ),
  image(
    ["docker.io/envoyproxy/gateway:v1.7.0"],
    "/usr/local/bin/envoy-gateway",
    toolPath("envoy-gateway-older"),
  ),
  image(
    ["docker.io/envoyproxy/envoy:distroless-v1.38.3"],
    "/usr/local/bin/envoy",
    join(partFolder(envoy), "envoy/_bin/envoy"),
  ),
  image(
    ["docker.io/envoyproxy/envoy:distroless-v1.37.0"],
    "/usr/local/bin/envoy",
    join(partFolder(envoyOlder), "envoy/_bin/envoy"),
  ),
  // Proxies that fail: one ends at once, with exit code 2, the other runs and never serves.
  image(
    ["docker.io/envoyproxy/envoy:crashes"],
    "/usr/local/bin/envoy",
    join(partFolder(streams), "streams"),
  ),
  image(
    ["docker.io/envoyproxy/envoy:never-ready"],
    "/usr/local/bin/envoy",
    join(partFolder(pause), "pause"),
  ),
  image(chartNames("aiGateway"), "/app", join(partFolder(aiGatewayStub), "ai-gateway-controller")),
  // By this path Envoy Gateway starts it.
  image(chartNames("rateLimit"), "/bin/ratelimit", join(partFolder(rateLimit), "ratelimit")),
  image(
    chartNames("otelCollector"),
    "/otelcol-contrib",
    join(partFolder(otelCollector), "otel-collector"),
  ),
  {
    names: chartNames("redis"),
    programs: {
      "/usr/local/bin/redis-server": join(partFolder(redis), "usr/bin/redis-server"),
      "/usr/local/bin/redis-cli": join(partFolder(redis), "usr/bin/redis-cli"),
    },
    libraries: join(partFolder(redis), "usr/lib/x86_64-linux-gnu"),
    config: { Entrypoint: ["redis-server"], WorkingDir: "/data" },
  },
];

/** The image's files, in a folder. */
export function writeRoot({ programs, libraries }: Image, root: string): void {
  for (const folder of ["tmp", "data"]) {
    mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, folder), 0o1777);
  }
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), "nonroot:x:65532:65532::/:/sbin/nologin\n");
  const copy = (source: string, path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(source, join(root, path));
    chmodSync(join(root, path), 0o755);
  };
  for (const [path, source] of Object.entries(programs)) {
    copy(source, path);
    for (const library of loadedLibraries(source, libraries)) {
      // The loader has its place in the program itself; the others are found where all libraries are.
      const loader = basename(library).startsWith("ld-");
      copy(library, loader ? library : `/lib/x86_64-linux-gnu/${basename(library)}`);
    }
  }
}

function loadedLibraries(program: string, folder: string | undefined): ReadonlyArray<string> {
  const env = { ...process.env, ...(folder ? { LD_LIBRARY_PATH: folder } : {}) };
  let listed: string;
  try {
    listed = execFileSync("ldd", [program], { encoding: "utf8", env, stdio: "pipe" });
  } catch {
    // A static program loads none.
    return [];
  }
  if (listed.includes("not found")) throw new Error(`${program} lacks a library:\n${listed}`);
  return [...listed.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
}
