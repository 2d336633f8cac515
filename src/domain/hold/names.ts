import type { ReleaseRef } from "../release/release.ts";

/** On every proxy pod that a run holds; its value is the run's hold. */
export const HELD_LABEL = "tars.io/held";
/** The labels that were taken from a pod that was handed over, as JSON: what it takes to put it back. */
export const TAKEN_LABELS_ANNOTATION = "tars.io/held-labels";
/** Since when a pod has been out of rotation, RFC 3339. */
export const HANDED_OVER_ANNOTATION = "tars.io/handed-over-at";

/** Of the admission policy and its binding, which belong to no namespace. */
export const policyName = ({ name, namespace }: ReleaseRef): string =>
  `tare-hold-${namespace}-${name}`;

/** The timer without which the policy refuses nothing. */
export const guardName = (hold: string): string => `tare-hold-${hold}`;

/** The timer that ends the pods that were handed over. */
export const keeperName = (hold: string): string => `tare-keep-${hold}`;
