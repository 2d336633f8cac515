import type { Json } from "../kube/json.ts";

/** A value that can be shown: secrets in it are masked. */
export interface ShownValue {
  /** For people: JSON; of what is long no more than the beginning, but where it is lost. */
  readonly text: string;
  /** For programs. */
  readonly value: Json;
}

const MASK = "***";
export const MASKED: ShownValue = { text: MASK, value: MASK };

const LONGEST = 120;

/** Whole where a mask took quotes or brackets with it. */
const parsed = (json: string): Json => {
  try {
    return JSON.parse(json);
  } catch {
    return MASK;
  }
};

/** @param json in which secrets are masked already */
export const shownWhole = (json: string): ShownValue => ({ text: json, value: parsed(json) });

export const shownValue = (json: string): ShownValue => ({
  text: json.length > LONGEST ? `${json.slice(0, LONGEST - 1)}…` : json,
  value: parsed(json),
});
