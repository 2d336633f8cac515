/** What `--debug` shows of a span: requests to the API server, and what was run. */
import { redactText } from "../../domain/text/redaction.ts";
import { visible } from "../../domain/text/visible.ts";

interface DebuggedSpan {
  readonly name: string;
  /** Milliseconds since the epoch, as `end`. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** By the names of their spans, the attribute that says what was done. */
const SHOWN: ReadonlyMap<string, { readonly tool: string; readonly attribute: string }> = new Map([
  ["kube.call", { tool: "kube", attribute: "request" }],
  ["helm", { tool: "helm", attribute: "line" }],
  ["crane", { tool: "crane", attribute: "command" }],
]);

export interface DebugLine {
  readonly tool: string;
  readonly what: string;
  /** Since the program began. */
  readonly atMillis: number;
  readonly millis: number;
  readonly failure: string | undefined;
}

/** Nothing of spans that only enclose others. */
export const debugLine = (
  { name, start, end, attributes }: DebuggedSpan,
  failure: string | undefined,
  beganAt: number,
): DebugLine | undefined => {
  const shown = SHOWN.get(name);
  if (shown === undefined) return undefined;
  return {
    tool: shown.tool,
    what: visible(redactText(String(attributes[shown.attribute] ?? ""))),
    atMillis: Math.max(0, Math.round(start - beganAt)),
    millis: Math.round(end - start),
    failure: failure === undefined ? undefined : visible(redactText(failure)),
  };
};

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(3)}s`;

/** `debug: 1.204s kube list secrets in tars-system (12 ms)` */
export const showDebugLine = ({ tool, what, atMillis, millis, failure }: DebugLine): string =>
  `debug: ${seconds(atMillis)} ${tool} ${what} (${millis} ms)${failure === undefined ? "" : `: ${failure}`}`;

export const debugJson = ({ tool, what, atMillis, millis, failure }: DebugLine): string =>
  JSON.stringify({
    type: "debug",
    tool,
    what,
    at_ms: atMillis,
    duration_ms: millis,
    ...(failure === undefined ? {} : { failure }),
  });
