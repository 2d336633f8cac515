/** Expressions of a CRD as the API server tries them: RE2's, whose time does not explode, within a budget. */
import { RE2JS } from "re2js";
import type { Matches } from "./schema.ts";

/**
 * An instruction of an expression that meets a letter of a text: some 25 ns at worst, which makes this ten seconds. All
 * CRDs and objects of the chart together take less than a thousandth of it.
 */
const STEPS = 400_000_000;
/** What is made of one instruction, or of one letter of an expression, takes as long as so many steps. */
const STEPS_TO_COMPILE = 25;
const LONGEST_PATTERN = 10_000;

const compiled = (pattern: string): RE2JS | undefined => {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
};

/** Remembers what it compiled. What would go beyond the budget is not tried, and neither is what is no expression. */
export const withinBudget = (budget = STEPS): Matches => {
  const expressions = new Map<string, RE2JS | undefined>();
  let left = budget;
  const spend = (steps: number): boolean => {
    if (steps > left) return false;
    left -= steps;
    return true;
  };
  const expressionOf = (pattern: string): RE2JS | undefined => {
    if (expressions.has(pattern)) return expressions.get(pattern);
    const isTried = pattern.length <= LONGEST_PATTERN && spend(pattern.length * STEPS_TO_COMPILE);
    const expression = isTried ? compiled(pattern) : undefined;
    if (expression !== undefined)
      spend(Math.min(left, expression.programSize() * STEPS_TO_COMPILE));
    expressions.set(pattern, expression);
    return expression;
  };
  return (pattern, text) => {
    const expression = expressionOf(pattern);
    return expression !== undefined && spend(expression.programSize() * (text.length + 1))
      ? expression.matcher(text).find()
      : undefined;
  };
};
