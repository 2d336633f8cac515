/**
 * `helm upgrade` renders the chart, asks the server about every object and writes nothing when the answer is no. Where nothing is
 * written before it either, and no question of ours hangs on the objects, that is soon enough, and most of a second less.
 */
import { Clock, Effect, Result } from "effect";
import { hasKnownDefects } from "../domain/helm/defects.ts";
import { objectsMatter, type RenderingStakes } from "../domain/helm/rendering.ts";
import type { KubeObject } from "../domain/kube.ts";
import { recordSize } from "../domain/release-size.ts";
import { certificateExpiry, certificateWarning } from "../domain/webhook-certificate.ts";
import { Helm } from "../services/Helm.ts";
import type { InstalledRelease } from "./discover.ts";
import { type CheckedRelease, readReleaseChecks, templateRequest } from "./release-facts.ts";

const expiresSoon = (certificate: KubeObject | undefined, now: number): boolean => {
  const expiresAt = certificate === undefined ? undefined : certificateExpiry(certificate);
  return expiresAt !== undefined && certificateWarning(expiresAt, now, undefined) !== undefined;
};

const readStakes = Effect.fnUntraced(function* ({ installed, standing }: CheckedRelease) {
  const helm = yield* Helm;
  const { mayEverything, webhookCertificate } = yield* standing;
  const stakes: RenderingStakes = {
    mayEverything: Result.getOrElse(mayEverything, () => false),
    certificateExpires: expiresSoon(webhookCertificate, yield* Clock.currentTimeMillis),
    helmHasDefects: yield* Effect.match(helm.version, {
      onFailure: () => true,
      onSuccess: hasKnownDefects,
    }),
    identityRestorable: installed.identity !== undefined,
  };
  return stakes;
});

/** That the chart renders, to what a Secret can hold with room to spare. */
const rendersWell = (installed: InstalledRelease) =>
  Effect.gen(function* () {
    const helm = yield* Helm;
    const bytes = yield* helm.recordBytes(yield* templateRequest(installed));
    return bytes !== undefined && recordSize(bytes) === "fits";
  }).pipe(Effect.orElseSucceed(() => false));

export interface NeededChecks extends CheckedRelease {
  /** Whether CRDs will be written before Helm is started. */
  readonly writesCrds: Effect.Effect<boolean>;
}

/** What the release is checked by; nothing where Helm's own look is enough. */
export const readNeededChecks = Effect.fn("tare.read.needed-checks")(function* (
  checked: NeededChecks,
) {
  const needed =
    (yield* checked.writesCrds) ||
    objectsMatter(yield* readStakes(checked)) ||
    !(yield* rendersWell(checked.installed));
  return needed ? yield* readReleaseChecks(checked) : undefined;
});
