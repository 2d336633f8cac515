import { buildNode } from "../cluster/node/node-build.ts";
import { lackingForNodes } from "../cluster/node/requirements.ts";

/** Builds what the nodes lack, which takes minutes the first time; says why where there can be none. */
export default async function setup(): Promise<void> {
  const lacking = lackingForNodes();
  if (lacking === undefined) await buildNode((line) => console.error(line));
  else console.error(`no real node on this machine, its tests are left out: ${lacking}`);
}
