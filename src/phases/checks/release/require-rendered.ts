import { Effect, Result } from "effect";
import { redactText } from "../../../domain/text/redaction.ts";
import { ClusterUnavailable, UpgradeNotStarted } from "../../../errors.ts";
import type { InstalledRelease } from "../../release/installed-release.ts";
import type { ReleaseCheckFacts } from "../release-facts.ts";

/** A chart that does not render stops the attempt before anything is written. */
export const requireRendered = Effect.fnUntraced(function* (
  { release, secrets }: InstalledRelease,
  { rendering }: Pick<ReleaseCheckFacts, "rendering">,
) {
  if (Result.isSuccess(rendering)) return rendering.success;
  const { kind, text } = rendering.failure;
  // Helm quotes values when a template or the schema rejects them.
  const cause = redactText(text, secrets);
  return yield* kind === "unreachable" || kind === "timeout" || kind === "not-runnable"
    ? new ClusterUnavailable({ doing: "render the chart", detail: cause })
    : new UpgradeNotStarted({ release, cause });
});
