import { Duration, Effect } from "effect";
import { CRDS_LOCK } from "../../domain/lock/lease.ts";
import { CrdsLocked } from "../../errors.ts";
import { takeLock } from "../lock/take-lock.ts";
import { unavailableOrForbidden } from "./failures.ts";

/** Other releases' CRDs are written in seconds; a run that hangs over them longer is worth a look. */
const PATIENCE = Duration.seconds(45);

/** CRDs are the cluster's: two runs that change them wait for each other, whatever releases they are about. */
export const lockCrds = takeLock(CRDS_LOCK, { waitAtMost: PATIENCE }).pipe(
  Effect.mapError((error) =>
    error._tag === "LockHeld"
      ? new CrdsLocked({ holder: error.holder, since: error.since })
      : unavailableOrForbidden("take the lock on the CRDs")(error),
  ),
);
