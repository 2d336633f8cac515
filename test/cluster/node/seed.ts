import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { startGuard, stateFile } from "../guarded.ts";
import { logTail, stopProcess, waitUntil } from "../processes.ts";
import {
  containerdProcess,
  containerdRoot,
  containerdSocket,
  type NodeSpec,
  startContainerd,
} from "./containerd.ts";
import { images, writeRoot } from "./images.ts";
import { onMachine, startMachine, stopMachine } from "./machine.ts";
import { writeArchive } from "./oci-archive.ts";
import { nodeCache, partFolder } from "./parts.ts";
import { containerd } from "./programs.ts";

/**
 * What containerd keeps of the images once it has taken them in, as a folder that each node starts with a copy of. The
 * copies are hard links where the file system allows it: layers are only ever read. The databases are copied.
 */
export const seedFolder = (): string => {
  const content = JSON.stringify([partFolder(containerd), images()]);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return join(nodeCache(), `images-${hash}`);
};

const importer: NodeSpec = {
  name: "importer",
  zone: "",
  address: "10.89.0.1",
  subnet: "10.245.0.0/24",
};

export async function buildSeed(log: (line: string) => void): Promise<void> {
  const seed = seedFolder();
  const dir = mkdtempSync(join(tmpdir(), "tare-test-images-"));
  const { name } = importer;
  writeFileSync(stateFile(dir), "{}");
  const guard = startGuard(dir);
  try {
    await startMachine(dir, { addresses: [importer.address], api: "127.0.0.1:6443" });
    startContainerd(dir, importer);
    const ctr = (...args: ReadonlyArray<string>) => {
      const flags = ["--address", containerdSocket(name), "--namespace", "k8s.io"];
      const program = join(partFolder(containerd), "ctr");
      return promisify(execFile)(...onMachine(dir, program, [...flags, ...args]));
    };
    await waitUntil("containerd", () => ctr("version").then(() => true), {
      dir,
      processes: [containerdProcess(name)],
      seconds: 30,
    });
    for (const [index, image] of images().entries()) {
      const at = join(dir, `image-${index}`);
      writeRoot(image, join(at, "root"));
      const archive = join(at, "image.tar");
      writeArchive(join(at, "root"), image, archive, join(at, "scratch"));
      log(`image ${image.names.join(", ")}`);
      await ctr("images", "import", "--local", archive);
      rmSync(at, { recursive: true });
    }
    await stopProcess(dir, containerdProcess(name), { graceMilliseconds: 20_000 });
    // Beside its place first: the temporary folder may be on another file system.
    const partial = `${seed}.${process.pid}`;
    mkdirSync(dirname(seed), { recursive: true });
    execFileSync("cp", ["-a", containerdRoot(dir, name), partial]);
    renameSync(partial, seed);
  } catch (error) {
    log(logTail(dir, containerdProcess(name)));
    throw error;
  } finally {
    guard.kill();
    await stopMachine(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Gives a node the images before its containerd starts. */
export function plantSeed(dir: string, name: string): void {
  const seed = seedFolder();
  if (!existsSync(seed)) throw new Error(`the images are not built yet: run "npm run node:build"`);
  const root = containerdRoot(dir, name);
  mkdirSync(dirname(root), { recursive: true });
  try {
    execFileSync("cp", ["-al", seed, root], { stdio: "pipe" });
  } catch {
    // Another file system: 0.7 GB travel.
    rmSync(root, { recursive: true, force: true });
    execFileSync("cp", ["-a", seed, root]);
    return;
  }
  const databases = execFileSync("find", [".", "-name", "*.db"], { cwd: seed, encoding: "utf8" });
  for (const database of databases.trim().split("\n")) {
    execFileSync("cp", ["--remove-destination", join(seed, database), join(root, database)]);
  }
}
