import type { KeyKind } from "../../domain/identity/signing-key.ts";

/** `RSA of 512 bits`, `secp256k1`, `ed448` */
export const describeKey = (kind: KeyKind): string =>
  kind._tag === "Rsa" ? `RSA of ${kind.bits} bits` : kind.name;

export const USABLE_KEYS = "RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519";
