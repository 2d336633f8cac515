/** What is being deleted: it takes what is written to it along when it goes. */
import { conditionOf, type KubeObject } from "../kube/objects.ts";

/** In which a namespace says what it waits for. */
const HOLDING = [
  "NamespaceContentRemaining",
  "NamespaceFinalizersRemaining",
  "NamespaceDeletionContentFailure",
  "NamespaceDeletionDiscoveryFailure",
  "NamespaceDeletionGroupVersionParsingFailure",
];

/** Of an object that is on its way out. */
export interface Deletion {
  /** RFC 3339. */
  readonly since: string;
  readonly finalizers: ReadonlyArray<string>;
  /** What a namespace says it waits for. */
  readonly waitsFor: ReadonlyArray<string>;
}

/** Nothing for an object that stays. */
export const deletionOf = (object: Pick<KubeObject, "metadata">): Deletion | undefined => {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const waitsFor = HOLDING.flatMap((type) => {
    const condition = conditionOf(object, type);
    return condition?.status === "True" ? [condition.message] : [];
  });
  return { since: deletionTimestamp, finalizers, waitsFor };
};
