import { Context, Data, type Effect } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";

export class BackupError extends Data.TaggedError("BackupError")<{ readonly detail: string }> {
  override get message() {
    return this.detail;
  }
}

/** Keeps live CRDs before they are changed: a Helm rollback does not restore them. */
export class CrdBackups extends Context.Service<
  CrdBackups,
  {
    /** Fails, with what to do about it, when nothing could be kept. */
    readonly ready: Effect.Effect<void, BackupError>;
    /** Returns the file that holds the objects, one that `kubectl replace -f` accepts. */
    readonly save: (
      objects: ReadonlyArray<KubeObject>,
      /** Becomes part of the file's name. */
      note: "restorable" | "migrate-first",
    ) => Effect.Effect<string, BackupError>;
    /** Keeps a shell script beside a saved file, and returns the script's file. */
    readonly saveScript: (text: string, beside: string) => Effect.Effect<string, BackupError>;
  }
>()("tare/services/CrdBackups") {}
