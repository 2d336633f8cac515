/** What an installation looks at before it writes, and its plan as well, so that both end alike. */
import { Effect, Redacted } from "effect";
import { Namespace } from "../../domain/kube/objects.ts";
import type { RenderedRelease } from "../../domain/release/rendered-release.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { InstallNotStarted } from "../../errors.ts";
import { checkObjects } from "../../phases/checks/rehearsal/object-checks.ts";
import {
  type ObjectChecksInput,
  rehearseObjects,
} from "../../phases/checks/rehearsal/rehearse-objects.ts";
import { requireRendered } from "../../phases/checks/release/require-rendered.ts";
import { releaseChecks } from "../../phases/checks/release-checks.ts";
import { requireStreamsKept } from "../../phases/install/keep-streams.ts";
import type { InstalledRelease } from "../../phases/release/installed-release.ts";
import { prefetchChecks } from "../run/check-release.ts";
import type { ClusterReads } from "../run/prefetch.ts";

export const checkInstall = Effect.fn("tare.check-install")(function* (
  options: UpgradeOptions,
  installed: InstalledRelease,
  cluster: ClusterReads,
) {
  const { release } = options;
  const facts = yield* yield* prefetchChecks(installed, cluster);
  const rendering = yield* Effect.catchTag(
    requireRendered(installed, facts),
    "UpgradeNotStarted",
    ({ cause }) => new InstallNotStarted({ release, cause }),
  );
  yield* releaseChecks({ options, installed, facts, liveCrds: cluster.crds });
  return { facts, rendered: rendering.release };
});

/** Once the namespaces are there, or known not to be: fails with what the server says to the objects. */
export const checkInstalledObjects = Effect.fn("tare.check-installed-objects")(function* (
  input: ObjectChecksInput,
) {
  const objects = yield* rehearseObjects(input);
  if (objects === undefined) return undefined;
  yield* checkObjects(input, objects);
  yield* requireStreamsKept(input, objects);
  return objects;
});

/** The data-plane namespace is one of the release's own objects. */
export const ownsNamespace = (
  rendered: Redacted.Redacted<RenderedRelease>,
  name: string,
): boolean =>
  Redacted.value(rendered).objects.some(
    ({ kind, metadata }) => kind === Namespace.kind && metadata.name === name,
  );
