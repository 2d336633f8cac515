/** Why a data plane does not count as upgraded. */

import type { RootCause } from "../verdict.ts";
import type { WaitingFor } from "./waiting-for.ts";
import type { WithheldSecret } from "./withheld-secrets.ts";

export type Obstacle =
  | { readonly _tag: "PodInTrouble"; readonly cause: RootCause }
  | { readonly _tag: "Workload"; readonly name: string; readonly waitingFor: WaitingFor }
  | { readonly _tag: "SecretWithheld"; readonly secret: WithheldSecret }
  /** The cluster cannot be watched, in the server's words. */
  | { readonly _tag: "Unwatched"; readonly detail: string }
  /** It is ready, and has not been for long enough. */
  | { readonly _tag: "Unstable" }
  /** The operator ended the wait for it. */
  | { readonly _tag: "Interrupted" };
