import { type Cause, Data } from "effect";
import { type Hint, helm, hint, kubectl } from "../domain/hints/hint.ts";
import type { ReleaseRef } from "../domain/release/release.ts";

export interface OperatorError extends Error {
  readonly _tag: string;
  readonly exitCode: number;
  /** One line: what failed. */
  readonly what: string;
  /** The root cause, one line each; a preflight can have several. */
  readonly why: ReadonlyArray<string>;
  /** The next steps, as data; `render/hints/hints.ts` has their words. */
  readonly hints: ReadonlyArray<Hint>;
}

type Fields = Readonly<Record<string, unknown>>;

type OperatorErrorClass<Tag extends string, F> = new (
  fields: F,
) => OperatorError & Cause.YieldableError & { readonly _tag: Tag } & Readonly<F>;

/** Declares an error of the catalogue: its fields are data, the texts are derived from them. */
export const operatorError =
  <F extends Fields>() =>
  <Tag extends string>(
    tag: Tag,
    derive: {
      readonly exitCode: number;
      readonly what: (fields: F) => string;
      readonly why: (fields: F) => ReadonlyArray<string>;
      readonly hints?: (fields: F) => ReadonlyArray<Hint>;
    },
  ): OperatorErrorClass<Tag, F> => {
    class Declared extends Data.TaggedError(tag as string)<Fields> implements OperatorError {
      readonly exitCode = derive.exitCode;
      readonly #fields: F;
      constructor(fields: F) {
        super(fields);
        this.#fields = fields;
      }
      get what(): string {
        return derive.what(this.#fields);
      }
      get why(): ReadonlyArray<string> {
        return derive.why(this.#fields);
      }
      override get message(): string {
        return [this.what, ...this.why].join("\n");
      }
      get hints(): ReadonlyArray<Hint> {
        return derive.hints?.(this.#fields) ?? [];
      }
    }
    // The fields are copied onto the instance by Data.TaggedError, which TypeScript cannot see through a generic.
    return Declared as unknown as OperatorErrorClass<Tag, F>;
  };

export const historyHint = (release: ReleaseRef): Hint =>
  hint("See the release's history:", helm("history", release.name, "-n", release.namespace));

export const podHints = (dataplaneNamespace: string, release: ReleaseRef) =>
  hint(
    "Inspect:",
    kubectl("get", "pods", "-n", release.namespace),
    kubectl("get", "pods", "-n", dataplaneNamespace),
  );

export const isOperatorError = (error: unknown): error is OperatorError =>
  error instanceof Error && "exitCode" in error && "what" in error && "hints" in error;
