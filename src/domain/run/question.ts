import type { ReleaseRef, RevisionStatus } from "../release/release.ts";
import type { Stuck } from "./recovery.ts";

/** What an operator can say yes or no to. */
export type Question =
  /** After the summary of what is going to be written. */
  | { readonly _tag: "Install"; readonly release: ReleaseRef }
  /** An installation that never worked goes before the next one. */
  | {
      readonly _tag: "RemoveHusk";
      readonly release: ReleaseRef;
      readonly revision: number;
      readonly status: RevisionStatus;
    }
  | {
      readonly _tag: "Recover";
      readonly release: ReleaseRef;
      readonly stuck: Stuck;
      /** The revision that it goes back to. */
      readonly to: number;
      /** What goes on afterwards, e.g. `the upgrade`. */
      readonly noun: string;
    };

/** Answered by typing the name of what it is about: it cannot be undone. */
export type TypedQuestion = { readonly _tag: "Uninstall"; readonly release: ReleaseRef };
