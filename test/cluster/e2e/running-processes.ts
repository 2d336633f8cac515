/** Which processes of this machine work on a test's cluster. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Operator } from "./tare.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: ReadonlyArray<string>;
}

const processes = (): ReadonlyArray<Process> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return [];
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return [{ pid: Number(name), parent: Number(parent), words }];
      } catch {
        return [];
      }
    });

const usesKubeconfig = ({ pid, words }: Process, file: string): boolean => {
  if (words.includes(file)) return true;
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`KUBECONFIG=${file}`);
  } catch {
    return false;
  }
};

/** Everything that was started to work with this kubeconfig, as the words of its command line. */
export const workingWith = (kubeconfig: string): ReadonlyArray<string> =>
  processes()
    .filter((one) => usesKubeconfig(one, kubeconfig))
    .map(({ words }) => words.join(" "));

/** The Helms that a process started and that still run. */
export const helmsOf = (parentPid: number): ReadonlyArray<number> =>
  processes()
    .filter(({ parent }) => parent === parentPid)
    .map(({ pid }) => pid);

/** Every Helm that works with this kubeconfig, whoever started it. */
export const helmsOn = ({ helm }: Operator, kubeconfig: string): ReadonlyArray<number> =>
  processes()
    .filter((one) => one.words[0] === helm && usesKubeconfig(one, kubeconfig))
    .map(({ pid }) => pid);

/** Every tare that works with this kubeconfig. */
export const taresIn = (kubeconfig: string): ReadonlyArray<number> =>
  processes()
    .filter(
      (one) =>
        one.words[0] === process.execPath &&
        basename(one.words[1] ?? "") === "tare.js" &&
        usesKubeconfig(one, kubeconfig),
    )
    .map(({ pid }) => pid);
