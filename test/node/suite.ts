import { describe, it } from "vitest";
import { lackingForNodes } from "../cluster/node/requirements.ts";

const lacking = lackingForNodes();
/** Where they have to be able to run, tests that do not are failures. */
const required = process.env.CI === "true" && process.getuid?.() === 0;

/** Tests that need real nodes: left out, with the reason, where there can be none. */
export function describeOnNodes(name: string, tests: () => void): void {
  if (lacking === undefined) describe(name, tests);
  else if (!required) describe.skip(`${name} (left out: ${lacking})`, tests);
  else
    describe(name, () => {
      it("can run", () => {
        throw new Error(`no real node on this machine: ${lacking}`);
      });
    });
}
