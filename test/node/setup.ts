import { buildNode } from "../cluster/node/node-build.ts";
import { lackingForNodes } from "../cluster/node/requirements.ts";

/** Builds what the nodes lack, which takes minutes the first time. */
export default async function setup(): Promise<void> {
  if (lackingForNodes() === undefined) await buildNode((line) => console.error(line));
}
