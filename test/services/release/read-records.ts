/** Reads a record so many times as a tick of the doctor does, and says how much memory this process had at the most, in MiB. */
import { readFileSync } from "node:fs";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { recordedRevision } from "../../../src/services/release/release-secret.ts";

const [file = "", times = "1"] = process.argv.slice(2);
for (let left = Number(times); left > 0; left--) {
  recordedRevision(JSON.parse(readFileSync(file, "utf8")) as KubeObject, []);
}
process.stdout.write(String(Math.round(process.resourceUsage().maxRSS / 1_024)));
