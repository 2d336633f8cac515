import type { WarningCode, WarningOf } from "../domain/warning.ts";
import { CHANGE_WORDS } from "./warnings/changes.ts";
import { CLUSTER_WORDS } from "./warnings/cluster.ts";
import { DATA_PLANE_WORDS } from "./warnings/data-plane.ts";
import { DISCOVERY_WORDS } from "./warnings/discovery.ts";
import { MACHINE_WORDS } from "./warnings/machine.ts";
import { RUN_WORDS } from "./warnings/runs.ts";
import type { Words } from "./warnings/words.ts";

const WORDS: Words<WarningCode> = {
  ...MACHINE_WORDS,
  ...CLUSTER_WORDS,
  ...DISCOVERY_WORDS,
  ...DATA_PLANE_WORDS,
  ...CHANGE_WORDS,
  ...RUN_WORDS,
};

/** One sentence; what a cluster or a file supplied is in it as it came. */
export const warningText = <Code extends WarningCode>(warning: WarningOf<Code>): string =>
  WORDS[warning.code](warning);
