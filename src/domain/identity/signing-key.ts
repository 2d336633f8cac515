/** The private key of an identity: which kinds can sign the tokens that the management plane takes. */
import { createPrivateKey, type KeyObject } from "node:crypto";

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
/** RFC 7518 takes no shorter one for signatures. */
const SHORTEST_RSA_BITS = 2_048;

/** The `alg` of a token that the key signs; `undefined` when it can sign none. */
export const algorithmOf = (key: KeyObject): string | undefined => {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength < SHORTEST_RSA_BITS ? undefined : "RS256";
    case "rsa-pss":
      return modulusLength < SHORTEST_RSA_BITS ? undefined : "PS256";
    case "ec":
      return CURVES[namedCurve];
    case "ed25519":
      return "EdDSA";
    default:
      return undefined;
  }
};

export type KeyKind =
  | { readonly _tag: "Rsa"; readonly bits: number }
  /** Of a curve or a type, e.g. `secp256k1`, `ed448`. */
  | { readonly _tag: "Named"; readonly name: string };

export const kindOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyKind =>
  asymmetricKeyDetails?.modulusLength === undefined
    ? {
        _tag: "Named",
        name: asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? "unknown",
      }
    : { _tag: "Rsa", bits: asymmetricKeyDetails.modulusLength };

/** `undefined` when the text is no unencrypted private key in PEM. */
export const privateKeyOf = (pem: string): KeyObject | undefined => {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
};

const BLOCK = /^\s*(-----BEGIN [A-Z ]+-----)([\s\S]*?)(-----END [A-Z ]+-----)\s*$/;

/**
 * The same key with line breaks where PEM has them: environment variables and templates leave `\n` in their place, or
 * nothing, or a space. A text that is no block of PEM stays as it is.
 */
export const withLineBreaks = (text: string): string => {
  const [, begin, body, end] = BLOCK.exec(text.replaceAll(/\\r|\\n/g, "\n")) ?? [];
  if (begin === undefined || body === undefined || end === undefined) return text;
  // Headers inside the block, as encrypted keys have them, are no base64.
  const letters = body.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/=]*$/.test(letters)) return text;
  return `${[begin, ...(letters.match(/.{1,64}/g) ?? []), end].join("\n")}\n`;
};
