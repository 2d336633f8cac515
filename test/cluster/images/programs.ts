import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { goBuild, lock } from "../build.ts";
import { cacheRoot, goFolder, goVersion } from "../tools.ts";

const PROGRAMS = {
  crane: {
    package: "github.com/google/go-containerregistry/cmd/crane",
    variables: { "github.com/google/go-containerregistry/cmd/crane/cmd.Version": "0.22.1" },
  },
  registry: { package: "github.com/distribution/distribution/v3/cmd/registry", variables: {} },
};

/** In a folder of their own, so that a change leaves the tools of the test cluster as they are. */
const folderOf = (): string => {
  const hash = createHash("sha256").update(goVersion()).update(JSON.stringify(PROGRAMS));
  for (const file of ["go.mod", "go.sum"])
    hash.update(readFileSync(join(goFolder, "images", file)));
  return join(cacheRoot(), "images", hash.digest("hex").slice(0, 16));
};

/** The paths of crane and of the distribution project's registry, built once (about a minute). */
export const imagePrograms = async (): Promise<Readonly<Record<keyof typeof PROGRAMS, string>>> => {
  const folder = folderOf();
  const paths = { crane: join(folder, "crane"), registry: join(folder, "registry") };
  const isBuilt = () => Object.values(paths).every((path) => existsSync(path));
  if (isBuilt()) return paths;
  mkdirSync(folder, { recursive: true });
  const unlock = await lock(join(folder, "build.lock"), console.error);
  try {
    for (const [name, build] of Object.entries(PROGRAMS)) {
      const output = join(folder, `.${name}.${process.pid}`);
      if (isBuilt()) break;
      await goBuild({ ...build, module: "images", output });
      renameSync(output, join(folder, name));
    }
  } finally {
    unlock();
  }
  return paths;
};
