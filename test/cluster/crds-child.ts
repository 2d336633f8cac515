/** The CRD phase in a process of its own, to be killed or to meet another: `crds-child.ts KUBECONFIG older|current`. */
import { crdsIn, currentSet, manifestsOf, olderFolder, runCrds } from "./crds-harness.ts";

const [kubeconfig = "", set = "current"] = process.argv.slice(2);
const manifests = manifestsOf(set === "older" ? crdsIn(olderFolder) : currentSet());
const { counts, error } = await runCrds(kubeconfig, manifests);
console.log(JSON.stringify({ counts, error: error?.message }));
process.exit(error?.exitCode ?? 0);
