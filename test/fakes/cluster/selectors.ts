import { fieldAt, type KubeObject } from "../../../src/domain/kube/objects.ts";

/** One requirement of a selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`. */
const holds = (labels: Readonly<Record<string, string>>, term: string): boolean => {
  const [, key = "", negated, list] = /^(\S+)\s+(not)?in\s+\(([^)]*)\)$/.exec(term) ?? [];
  if (list !== undefined) {
    const values = list.split(",").map((value) => value.trim());
    return values.includes(labels[key] ?? "") === (negated === undefined);
  }
  if (term.startsWith("!")) return labels[term.slice(1)] === undefined;
  const [left = "", unequal, right] = term.split(/\s*(!)?==?\s*/);
  if (right === undefined) return labels[left] !== undefined;
  return (labels[left] === right) === (unequal === undefined);
};

/** At commas, but not at those within parentheses. */
const termsOf = (selector: string): ReadonlyArray<string> =>
  selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");

export const matchesSelector = ({ metadata }: KubeObject, selector: string | undefined): boolean =>
  selector === undefined || termsOf(selector).every((term) => holds(metadata.labels ?? {}, term));

/** `metadata.name=a,involvedObject.uid=b`, equality only. */
export const matchesFields = (object: KubeObject, selector: string | undefined): boolean =>
  (selector ?? "")
    .split(",")
    .filter((term) => term !== "")
    .every((term) => {
      const [path = "", value = ""] = term.split("=");
      return fieldAt(object, ...path.split(".")) === value;
    });
