/** What a run leaves in the calls of its Helm and in files. */
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Operator } from "./tare.ts";

/** A wrapper that notes down what every Helm was given, and with which mode the values file was written. */
export const spyOn = (who: Operator): { readonly helm: string; readonly log: string } => {
  const log = join(who.home, "helm-calls.log");
  const helm = join(who.home, "helm-spy");
  const script = `#!/bin/sh
{ echo "ARGS $*"; env | sed 's/^/ENV /'; } >> '${log}'
for word in "$@"; do
  case "$word" in */values.json) stat -c 'MODE %a' "$word" >> '${log}' ;; esac
done
exec '${who.helm}' "$@"
`;
  writeFileSync(helm, script);
  chmodSync(helm, 0o755);
  return { helm, log };
};

export const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
