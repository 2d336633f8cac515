/** Names as the Deployment controller makes them: without vowels, the same for the same template. */
import { canonicalJson, type Json } from "../../../src/domain/kube/json.ts";

const LETTERS = "bcdfghjklmnpqrstvwxz2456789";

const encoded = (value: number, length: number): string => {
  let [text, rest] = ["", value];
  while (text.length < length) {
    text += LETTERS[rest % LETTERS.length];
    rest = Math.floor(rest / LETTERS.length);
  }
  return text;
};

const fnv = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
};

const hashes = new WeakMap<object, string>();

/** Of a pod template. */
export const templateHash = (template: object): string => {
  const known = hashes.get(template);
  if (known !== undefined) return known;
  const hash = encoded(fnv(canonicalJson(template as Json)), 9);
  hashes.set(template, hash);
  return hash;
};

/** Of an Event: the same for the same words. */
export const eventSuffix = (words: string): string => fnv(words).toString(16);

/** The ending of the `n`th pod. */
export const podSuffix = (n: number): string => encoded(fnv(String(n)), 5);
