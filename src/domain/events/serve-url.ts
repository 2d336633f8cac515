/** Registering the URL of a data plane with the management plane, and what the answer means. */
import type { DeliveryOutcome, DeliveryProblem } from "./delivery.ts";

export interface ServeUrlRegistration {
  readonly workspace_id: string;
  readonly serve_url: string;
  readonly cli_version: string;
}

type Registered =
  | { readonly _tag: "Registered" }
  /** The plane does not want it, and will not want it in a moment either. */
  | { readonly _tag: "Refused"; readonly reason: DeliveryProblem }
  /** Nothing is known to be wrong with it. */
  | {
      readonly _tag: "Unreachable";
      readonly reason: DeliveryProblem;
      /** Whether a moment later may be enough. */
      readonly soon: boolean;
    };

export const registered = (outcome: DeliveryOutcome): Registered => {
  switch (outcome._tag) {
    case "Accepted":
      return { _tag: "Registered" };
    case "Rejected":
      return { _tag: "Refused", reason: outcome.reason };
    case "TryLater":
      // An answer that a moment later changes nothing about is a no, be it to the account and not to the URL.
      return outcome.reason._tag === "Answered" && !outcome.soon
        ? { _tag: "Refused", reason: outcome.reason }
        : { _tag: "Unreachable", reason: outcome.reason, soon: outcome.soon };
  }
};
