import type { BadVersion } from "../../domain/checks/envoy-gateway-hops.ts";

export const lostSecrets = (reference: string): string =>
  `its successor can leave running proxies without their TLS secrets, though they stay ready (${reference})`;

export const describeSkipped = ({ version, fixedIn, reference }: BadVersion): string =>
  `versions: this chart brings Envoy Gateway ${version}, which must be skipped: ${lostSecrets(reference)}; ${fixedIn} can be upgraded to`;
