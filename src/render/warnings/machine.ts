import { shellQuote } from "../../domain/hints/operator-commands.ts";
import type { MACHINE_WARNINGS } from "../../domain/report/warnings/machine.ts";
import type { Words } from "./words.ts";

export const MACHINE_WORDS: Words<keyof typeof MACHINE_WARNINGS> = {
  "identity-file-exposed": ({ file }) =>
    `${file} can be read by other users of this machine: chmod 600 ${shellQuote(file)}`,
  "management-plane-insecure": ({ file }) =>
    `${file}: managementPlaneUrl is http://: the doctor's tokens and events can be read and changed in transit`,
  "chart-reference-insecure": () =>
    "--chart-path is http://: the chart can be changed in transit, and it runs with every permission that this account can give",
  "tool-not-downloaded": ({ tool, version, problem, path, found }) =>
    `${tool} ${version} could not be downloaded (${problem}): using ${path}, ${found}`,
  "tool-changed": ({ tool, path }) =>
    `${path} is not what was unpacked there (its sha256 is another): it is not used, ${tool} is downloaded again`,
  "tool-replaceable": ({ path, writable }) =>
    `${path} can be replaced by other users of this machine, and runs with all your permissions: ${writable} is theirs, or they may write to it (chmod go-w, chown)`,
};
