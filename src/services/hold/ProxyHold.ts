import { Context, type Duration, type Effect, type Scope } from "effect";
import type { Leave } from "../../domain/hold/let-go.ts";
import type { HoldPlace } from "../../domain/hold/objects.ts";
import type { ShortDrain } from "../../domain/streams/short-drain.ts";

export type HoldNews =
  /** From now on no held proxy ends before its streams do, or the asked time is over. */
  | { readonly _tag: "Held"; readonly drains: ReadonlyArray<ShortDrain>; readonly pods: number }
  /** They end with their own drain, as they would without tare. */
  | { readonly _tag: "NotHeld"; readonly drains: ReadonlyArray<ShortDrain>; readonly why: string }
  /** Out of rotation: no new connection reaches it. */
  | { readonly _tag: "HandedOver"; readonly pod: string }
  /** In rotation again. */
  | { readonly _tag: "PutBack"; readonly pod: string }
  | {
      readonly _tag: "LetGo";
      readonly pod: string;
      readonly why: Leave;
      /** At the last look; `undefined` where nothing counts them. */
      readonly openStreams: number | undefined;
    }
  /** Clients that keep a connection may go on using it: the proxy could not be asked to close it. */
  | { readonly _tag: "NotClosing"; readonly pod: string; readonly why: string }
  /** The run ends before its held proxies: Kubernetes lets them go. */
  | { readonly _tag: "LeftServing"; readonly pods: number; readonly atMost: Duration.Duration };

export interface HoldRequest extends HoldPlace {
  /** For how long a proxy is kept from the moment on that it is out of rotation. */
  readonly asked: Duration.Duration;
  readonly onNews: (news: HoldNews) => Effect.Effect<void>;
}

export interface Hold {
  /** Ends when every proxy that the rollout replaced, and whose streams are counted, has been let go. */
  readonly drained: Effect.Effect<void>;
}

/**
 * Keeps the proxies that run now for as long as this upgrade asks, where their own preStop hook would end them earlier. What
 * it leaves in the cluster ends by itself when the run dies.
 */
export class ProxyHold extends Context.Service<
  ProxyHold,
  {
    /** Holds until the scope closes; nothing where there is nothing to hold, or where it cannot be had. That is news then. */
    readonly begin: (request: HoldRequest) => Effect.Effect<Hold | undefined, never, Scope.Scope>;
    /** Removes what a run that died left behind; proxies that still serve streams keep their time. */
    readonly clear: (place: HoldPlace) => Effect.Effect<void>;
  }
>()("tare/services/ProxyHold") {}
