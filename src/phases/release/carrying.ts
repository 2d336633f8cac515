/** Values of the live release: what must be carried, what is lost, and who is believed where two differ. */
import { Effect, Redacted } from "effect";
import type { KeptScale } from "../../domain/fields/kept-scale.ts";
import { isOpenToOthers } from "../../domain/identity/plain-http.ts";
import { dotted, getPath, type JsonObject } from "../../domain/kube/json.ts";
import type { Revision } from "../../domain/release/release.ts";
import {
  DEFAULT_DATAPLANE_NAMESPACE,
  type UpgradeOptions,
} from "../../domain/run/upgrade-options.ts";
import {
  type CarryOver,
  malformedCarriedValues,
  malformedParents,
} from "../../domain/values/carry-over.ts";
import type { LostValue } from "../../domain/values/lost-values.ts";
import {
  DataPlaneNamespaceMismatch,
  InvalidStoredValues,
  ValuesWouldBeLost,
} from "../../errors.ts";
import { type Reporter, report, warn } from "../../services/report/Reporter.ts";
import { describeMalformed } from "../../words/values/malformed.ts";

/** Another namespace than the release's own is a mistake of the command line, and what is in it belongs to others. */
export const requireOwnDataPlane = Effect.fnUntraced(function* (
  { dataplaneNamespace: requested }: Pick<UpgradeOptions, "dataplaneNamespace">,
  stored: JsonObject,
) {
  const live = getPath(stored, ["global", "dataplaneNamespace"]) ?? DEFAULT_DATAPLANE_NAMESPACE;
  if (live !== requested) {
    return yield* new DataPlaneNamespaceMismatch({ live: String(live), requested });
  }
});

export const requireCarriable = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  revision: Revision,
  stored: JsonObject,
) {
  const malformed = [...malformedParents(stored), ...malformedCarriedValues(stored)];
  if (malformed.length > 0) {
    return yield* new InvalidStoredValues({
      release: options.release,
      revision: revision.revision,
      problems: malformed.map(describeMalformed),
    });
  }
  yield* requireOwnDataPlane(options, stored);
});

export const reportLosses = Effect.fnUntraced(function* (
  lost: ReadonlyArray<LostValue>,
  strict: boolean,
) {
  if (lost.length === 0) return;
  if (strict) {
    return yield* new ValuesWouldBeLost({
      lost: lost.map(({ path, shown }) => `${path} = ${shown.text}`),
      keepWith: lost.map(({ keepWith }) => keepWith),
    });
  }
  yield* report({ _tag: "ValuesLost", lost });
});

export const reportScales = (
  kept: ReadonlyArray<KeptScale>,
): Effect.Effect<void, never, Reporter> =>
  Effect.forEach(
    kept,
    ({ object, field, live, chart, value }) =>
      warn({ code: "scale-kept", object, field, live, chart, value: dotted(value) }),
    { discard: true },
  );

export const reportDifferences = (carry: CarryOver): Effect.Effect<void, never, Reporter> =>
  Effect.forEach(
    carry.differences,
    ({ path, used, ignored }) =>
      warn({ code: "sources-differ", path: dotted(path), used, ignored }),
    { discard: true },
  );

/** The collector sends the header with every export: over `http://` every machine on the way can read it. */
export const warnOfOpenEndpoint = ({
  entries,
}: CarryOver): Effect.Effect<void, never, Reporter> => {
  const carried = (name: string) => entries.find(({ path }) => dotted(path) === name)?.value;
  const endpoint = carried("otelCollector.exporters.otlp.endpoint");
  const header = carried("otelCollector.exporters.otlp.headers.Authorization");
  const isOpen = typeof endpoint === "string" && isOpenToOthers(endpoint);
  return isOpen &&
    header !== undefined &&
    (!Redacted.isRedacted(header) || Redacted.value(header) !== "")
    ? warn({ code: "collector-endpoint-insecure" })
    : Effect.void;
};
