import type { Deletion } from "../../domain/checks/terminating.ts";

/** After the name of what goes. */
export const describeDeletion = ({ since, finalizers, waitsFor }: Deletion): string => {
  const held = finalizers.length === 0 ? [] : [`finalizers ${finalizers.join(", ")}`];
  const holds = [...held, ...waitsFor].join("; ");
  return `is being deleted since ${since}${holds === "" ? "" : `, held by ${holds}`}`;
};
