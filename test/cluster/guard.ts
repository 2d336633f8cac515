import { isCluster, stopCluster } from "./cluster.ts";

/** Stops the cluster in the folder given when the process at the other end of stdin has ended. */
const dir = process.argv[2];
if (dir === undefined) throw new Error("which folder?");
process.stdin.resume().once("end", async () => {
  if (isCluster(dir)) await stopCluster(dir);
});
