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

/** Since when, and what holds it; nothing for an object that stays. */
export const describeDeletion = (object: Pick<KubeObject, "metadata">): string | undefined => {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return undefined;
  const conditions = HOLDING.flatMap((type) => {
    const condition = conditionOf(object, type);
    return condition?.status === "True" ? [condition.message] : [];
  });
  const finalizer = finalizers.length === 0 ? [] : [`finalizers ${finalizers.join(", ")}`];
  const holds = [...finalizer, ...conditions].join("; ");
  return `is being deleted since ${deletionTimestamp}${holds === "" ? "" : `, held by ${holds}`}`;
};
