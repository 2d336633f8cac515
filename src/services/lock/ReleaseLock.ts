import { Context, Data, type Duration, type Effect, type Scope } from "effect";
import type { LockSubject } from "../../domain/lock/lease.ts";
import type { ProcessIdentity } from "../../domain/processes/process-identity.ts";
import type { KubectlError } from "../kube/Kubectl.ts";

/** Another run works on the same. */
export class LockHeld extends Data.TaggedError("LockHeld")<{
  /** Who and where, for people. */
  readonly holder: string;
  readonly process?: ProcessIdentity | undefined;
  /** Absent where its Lease does not tell. */
  readonly since: string | undefined;
  /** Its Lease claims to last longer than any run's: its holder may be gone, and waiting cannot show that. */
  readonly overlong?: boolean;
}> {}

/** The lock was ours and is no longer, or may be no longer: nothing more may be written. */
export class LockLost extends Data.TaggedError("LockLost")<{
  readonly detail: string;
  /** `Unrenewed`: the server was not reached for too long. Once it answers, the lock may turn out to be ours still. */
  readonly reason: "Taken" | "Unrenewed";
}> {}

export interface HeldLock {
  /** To be asked before every write. */
  readonly check: Effect.Effect<void, LockLost>;
}

export type LockNews =
  /** This machine cannot see whether the holder lives: its heartbeat is watched for so long. */
  | { readonly _tag: "Watching"; readonly held: LockHeld; readonly atMost: Duration.Duration }
  /** The holder lives, and is waited for. */
  | { readonly _tag: "Waiting"; readonly held: LockHeld }
  | {
      readonly _tag: "TakenOver";
      readonly held: LockHeld;
      /** The holder's process is gone, or no heartbeat came for as long as its lease lasts. */
      readonly proof: "gone" | "silent";
    };

export interface AcquireOptions {
  /** For how long a living holder is waited for; unless it is zero, no other wait for the lock is longer either. */
  readonly waitAtMost: Duration.Duration;
  readonly onNews: (news: LockNews) => Effect.Effect<void>;
}

/**
 * One upgrade at a time per release, one change of the CRDs at a time per cluster. The lock is released with the scope. A
 * holder that provably died does not keep it, and no clock of another machine has a part in that proof.
 */
export class ReleaseLock extends Context.Service<
  ReleaseLock,
  {
    /** Interruptible while it waits. */
    readonly acquire: (
      subject: LockSubject,
      options: AcquireOptions,
    ) => Effect.Effect<HeldLock, LockHeld | KubectlError, Scope.Scope>;
  }
>()("tare/services/ReleaseLock") {}
