/** The checks that need the release: made by an upgrade between the HA preflight and its first write, and by its plan. */
import { Effect, Result } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { rehearsal } from "../../phases/checks/rehearsal.ts";
import { type ReleaseCheckFacts, readReleaseChecks } from "../../phases/checks/release-facts.ts";
import type { InstalledRelease } from "../../phases/release/installed-release.ts";
import { findIdleFlags, warnOfIdleFlags } from "../../phases/values/idle-flags.ts";
import { prefetched } from "../../pipeline.ts";
import type { ClusterReads } from "./prefetch.ts";

/** Started as soon as the release is known; `checkRelease` asks for it. */
export const prefetchChecks = (installed: InstalledRelease, { standing }: ClusterReads) =>
  prefetched(readReleaseChecks({ installed, standing }));

const lookForIdleFlags = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  installed: InstalledRelease,
  { rendering }: ReleaseCheckFacts,
) {
  if (Result.isFailure(rendering)) return [];
  const idle = yield* findIdleFlags(options, installed, rendering.success);
  yield* warnOfIdleFlags(idle, installed);
  return idle;
});

interface CheckReleaseInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  readonly checks: Effect.Effect<ReleaseCheckFacts>;
  readonly cluster: Pick<ClusterReads, "ha" | "crds">;
}

/**
 * Fails with everything that stands in the way. A chart that does not render is none of it: that is an attempt that failed,
 * which `requireRendered` ends, with an event.
 */
export const checkRelease = Effect.fn("tare.check-release")(function* (input: CheckReleaseInput) {
  const { options, identity, installed, checks, cluster } = input;
  const facts = yield* checks;
  const ha = yield* cluster.ha;
  const liveCrds = cluster.crds;
  const objects = yield* rehearsal({ options, identity, installed, facts, ha, liveCrds });
  const idle = yield* lookForIdleFlags(options, installed, facts);
  return { facts, ha, objects, idle };
});
