import { isCluster, lastCluster, stopCluster } from "./cluster.ts";

const dir = process.env.TARE_TEST_CLUSTER_DIR || lastCluster();
if (dir === undefined || !isCluster(dir)) console.error("no test cluster is up");
else {
  await stopCluster(dir);
  console.error(`stopped the cluster in ${dir}`);
}
