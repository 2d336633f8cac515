import { Context, Data, type Effect, type Scope } from "effect";
import type { ReleaseRef } from "../domain/release.ts";
import type { KubectlError } from "./Kubectl.ts";

/** Another run works on the release. */
export class LockHeld extends Data.TaggedError("LockHeld")<{
  /** Who, where and since when, for people. */
  readonly holder: string;
  readonly since: string;
}> {}

/** The lock was ours and is no longer: nothing more may be written. */
export class LockLost extends Data.TaggedError("LockLost")<{ readonly detail: string }> {}

export interface HeldLock {
  /** To be asked before every write. */
  readonly check: Effect.Effect<void, LockLost>;
}

/** One upgrade at a time per release. The lock is released with the scope. */
export class ReleaseLock extends Context.Service<
  ReleaseLock,
  {
    readonly acquire: (
      release: ReleaseRef,
    ) => Effect.Effect<HeldLock, LockHeld | KubectlError, Scope.Scope>;
  }
>()("tare/services/ReleaseLock") {}
