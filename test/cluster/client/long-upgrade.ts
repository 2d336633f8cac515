/** An upgrade that goes on for longer than what it logs in with is good for. */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, type RunResult } from "../cluster.ts";
import { type Operator, tare } from "../e2e/tare.ts";

/** 25 minutes in `npm run test:full`. */
export const IS_FULL = process.env.TARE_TEST_FULL === "1";
export const RUN_SECONDS = IS_FULL ? 25 * 60 : 90;
export const TEST_MILLIS = (RUN_SECONDS + 600) * 1000;

const NODES = ["node-a", "node-b", "node-c"];

/** As the older release has it: else its proxies would be replaced before Helm starts. */
const SAME_DRAIN = ["--drain-timeout-seconds", "60"];

/** For so long no node takes a pod, and Helm waits; the rest of the time passes while tare watches the data plane. */
export const longUpgrade = async (
  who: Operator,
  kubeconfig: string,
  { helmSeconds }: { readonly helmSeconds: number },
): Promise<RunResult> => {
  await kubectl(who.cluster, ["cordon", ...NODES]);
  const budget = `${2 * RUN_SECONDS}s`;
  const times = ["--timeout", budget, "--settle-time", `${RUN_SECONDS - helmSeconds}s`];
  const args = ["--kubeconfig", kubeconfig, "--fail-fast=false", ...SAME_DRAIN, ...times];
  const ending = tare(who, ["upgrade", who.identityFile, ...args]);
  await sleep(helmSeconds * 1000);
  await kubectl(who.cluster, ["uncordon", ...NODES]);
  return await ending;
};
