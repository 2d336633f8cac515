/** In which order custom resources go: what refers to another one before it, while the controllers can still tidy up. */
import { EnvoyProxy, Gateway, GatewayClass } from "../kube/objects.ts";
import type { Found } from "./found.ts";

const LAST: ReadonlyArray<ReadonlyArray<string>> = [
  [Gateway.plural],
  [GatewayClass.plural],
  [EnvoyProxy.plural, "gatewayconfigs"],
];

const rankOf = ({ ref }: Found): number =>
  LAST.findIndex((plurals) => plurals.includes(ref.type.plural)) + 1;

/** Each wave is gone before the next one begins, as far as nothing holds it. */
export const deletionWaves = (found: ReadonlyArray<Found>): ReadonlyArray<ReadonlyArray<Found>> =>
  [0, ...LAST.map((_, index) => index + 1)]
    .map((rank) => found.filter((one) => rankOf(one) === rank))
    .filter((wave) => wave.length > 0);
