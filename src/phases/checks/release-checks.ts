/** What can only be checked once the release, its values and the chart are known. */
import { Effect, Redacted, Result } from "effect";
import { droppedObjects } from "../../domain/access/helm-access.ts";
import { envoyGatewayHop } from "../../domain/checks/envoy-gateway-hops.ts";
import { helmDefects } from "../../domain/checks/helm-defects.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { recordSize } from "../../domain/release/release-size.ts";
import type { RenderedRelease } from "../../domain/release/rendered-release.ts";
import type { StoredApisGone } from "../../errors.ts";
import { Helm } from "../../services/helm/Helm.ts";
import type { ImageCopier } from "../../services/images/ImageCopier.ts";
import type { Kubectl } from "../../services/kube/Kubectl.ts";
import { type Check, type Finding, NOTHING_FOUND, problemOf, runChecks } from "./check.ts";
import { findMissingImages } from "./release/images.ts";
import { findMissingPermissions } from "./release/permissions.ts";
import { requireServed } from "./release/stored-apis.ts";
import { terminatingProblems } from "./release/way-back.ts";
import { findOldCertificate } from "./release/webhook-certificate.ts";
import type { ReleaseChecksInput, Rendering } from "./release-facts.ts";

type ReleaseCheck = Check<ReleaseChecksInput, StoredApisGone, Helm | ImageCopier | Kubectl>;

const findHelmDefects = Effect.fnUntraced(function* (
  { options, facts: { previous } }: ReleaseChecksInput,
  { objects }: RenderedRelease,
): Effect.fn.Return<Finding, never, Helm> {
  const helm = yield* Helm;
  const version = yield* Effect.option(helm.version);
  if (version._tag === "None" || Result.isFailure(previous)) return {};
  const dropped = droppedObjects(previous.success, objects);
  return { warnings: helmDefects(version.value, { dropped, atomic: options.atomic }) };
});

const hopFinding = (
  { facts: { previous } }: ReleaseChecksInput,
  { objects }: RenderedRelease,
): Finding => {
  const before = Result.getOrElse(previous, (): ReadonlyArray<KubeObject> => []);
  const { skip, warning } = envoyGatewayHop(before, objects);
  return {
    warnings: warning === undefined ? [] : [warning],
    problems: skip === undefined ? [] : [{ _tag: "EnvoyGatewayToSkip", version: skip }],
  };
};

const sizeFinding = ({ recordBytes }: RenderedRelease): Finding => {
  if (recordBytes === undefined) return {};
  switch (recordSize(recordBytes)) {
    case "nearly":
      return { warnings: [{ code: "record-nearly-full", bytes: recordBytes }] };
    case "too-large":
      return problemOf({ _tag: "RecordTooLarge", bytes: recordBytes });
    default:
      return {};
  }
};

/** A chart that does not render has nothing to look at, and ends the run by itself. */
const ofRendering =
  <R>(
    find: (
      input: ReleaseChecksInput,
      rendered: RenderedRelease,
      rendering: Rendering,
    ) => Effect.Effect<Finding, never, R>,
  ) =>
  (input: ReleaseChecksInput): Effect.Effect<Finding, never, R> => {
    const { rendering } = input.facts;
    if (Result.isFailure(rendering)) return NOTHING_FOUND;
    return find(input, Redacted.value(rendering.success.release), rendering.success);
  };

/** To be looked at in this order. */
export const RELEASE_CHECKS: ReadonlyArray<ReleaseCheck> = [
  {
    id: "namespaces",
    find: ({ facts }) => Effect.succeed({ problems: terminatingProblems(facts.namespaces) }),
    isDecisive: true,
  },
  {
    id: "stored-apis",
    find: (input) => Effect.as(requireServed(input), {}),
  },
  {
    id: "helm-defects",
    find: ofRendering(findHelmDefects),
  },
  {
    id: "webhook-certificate",
    find: ofRendering(({ facts }, _, rendering) =>
      findOldCertificate(facts.webhookCertificate, rendering),
    ),
  },
  {
    id: "envoy-gateway-hop",
    find: ofRendering((input, rendered) => Effect.succeed(hopFinding(input, rendered))),
  },
  {
    id: "permissions",
    find: ofRendering(findMissingPermissions),
  },
  {
    id: "images",
    find: ({ installed }) => findMissingImages(installed),
  },
  {
    id: "record-size",
    find: ofRendering((_, rendered) => Effect.succeed(sizeFinding(rendered))),
  },
];

/** Fails with everything that stands in the way; the warnings come first. */
export const releaseChecks = Effect.fn("tare.release-checks")((input: ReleaseChecksInput) =>
  runChecks(RELEASE_CHECKS, input),
);
