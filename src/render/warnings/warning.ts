import type { WarningCode, WarningOf } from "../../domain/report/warning.ts";
import { CHANGE_WORDS } from "./changes.ts";
import { CLUSTER_WORDS } from "./cluster.ts";
import { DATA_PLANE_WORDS } from "./data-plane.ts";
import { DISCOVERY_WORDS } from "./discovery.ts";
import { MACHINE_WORDS } from "./machine.ts";
import { RUN_WORDS } from "./runs.ts";
import type { Words } from "./words.ts";

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
