/** What a run has to warn of, as data: a code that stays, and facts. The words for each are made where it is rendered. */
import type { Schema } from "effect";
import { CHANGE_WARNINGS } from "./warnings/changes.ts";
import { CLUSTER_WARNINGS } from "./warnings/cluster.ts";
import { DATA_PLANE_WARNINGS } from "./warnings/data-plane.ts";
import { DISCOVERY_WARNINGS } from "./warnings/discovery.ts";
import { MACHINE_WARNINGS } from "./warnings/machine.ts";
import { RUN_WARNINGS } from "./warnings/runs.ts";

/** The fields of each warning by its code. */
export const WARNINGS = {
  ...MACHINE_WARNINGS,
  ...CLUSTER_WARNINGS,
  ...DISCOVERY_WARNINGS,
  ...DATA_PLANE_WARNINGS,
  ...CHANGE_WARNINGS,
  ...RUN_WARNINGS,
} as const;

/** Kebab-case, and never given another meaning: programs go by it. */
export type WarningCode = keyof typeof WARNINGS;

export type WarningOf<Codes extends WarningCode> = {
  readonly [Code in Codes]: { readonly code: Code } & Schema.Struct<
    (typeof WARNINGS)[Code]
  >["Type"];
}[Codes];

export type Warning = WarningOf<WarningCode>;

export const WARNING_CODES = Object.keys(WARNINGS) as ReadonlyArray<WarningCode>;
