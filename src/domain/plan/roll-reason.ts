import type { Duration } from "effect";

/** Why pods are replaced. */
export type RollReason =
  /** Their template changes: the first of its fields that do, and how many more. */
  | { readonly _tag: "Template"; readonly field: string; readonly more: number }
  /** The EnvoyProxy that they are made from; then perhaps once more, for their sidecar. */
  | {
      readonly _tag: "EnvoyProxy";
      readonly name: string;
      readonly changesSidecar: string | undefined;
    }
  /** The controller, which may make something else of them. */
  | { readonly _tag: "Controller"; readonly name: string }
  /** They drain for less than is asked for: before Helm starts. */
  | {
      readonly _tag: "ShortDrain";
      readonly drain: Duration.Duration;
      readonly asked: Duration.Duration;
    };
