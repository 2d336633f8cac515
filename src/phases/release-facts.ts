/** What the checks that need the release ask of Helm and the cluster: all at once, and none of it writes. */
import { Clock, Effect, Option, Redacted, Result } from "effect";
import { EVERYTHING } from "../domain/access.ts";
import { hasDefects } from "../domain/helm/defects.ts";
import { serverDecides } from "../domain/helm/rendering.ts";
import { type KubeObject, type ResourceType, Secret } from "../domain/kube.ts";
import { recordSize } from "../domain/release-size.ts";
import { isUnservedKind, type RenderedRelease } from "../domain/rendered-release.ts";
import {
  certificateExpiry,
  certificateWarning,
  WEBHOOK_CERTIFICATE_SECRET,
} from "../domain/webhook-certificate.ts";
import { Helm, type HelmError } from "../services/Helm.ts";
import { Kubectl, type KubectlError } from "../services/Kubectl.ts";
import type { InstalledRelease } from "./discover.ts";

export interface Rendering {
  readonly release: Redacted.Redacted<RenderedRelease>;
  /** Why the server could not be asked; its lookups were not answered then. */
  readonly withoutServer: string | undefined;
}

const renderTemplate = Effect.fnUntraced(function* ({ release, chart, values }: InstalledRelease) {
  const [helm, kubectl] = yield* Effect.all([Helm, Kubectl]);
  const server = Option.getOrUndefined(yield* Effect.option(kubectl.serverVersion));
  const request = { release, chart: chart.directory, values, kubeVersion: server?.text };
  return yield* helm.render(request, "nobody");
});

/**
 * The server knows the chart's lookups, but not the kinds whose CRDs this run will bring, nor what this account may not
 * read. Then the chart is rendered without it.
 */
export const renderRelease = Effect.fn("tare.read.rendering")(function* (
  installed: InstalledRelease,
) {
  const helm = yield* Helm;
  const { release, chart, values } = installed;
  return yield* helm.render({ release, chart: chart.directory, values }, "server").pipe(
    Effect.map((rendered): Rendering => ({ release: rendered, withoutServer: undefined })),
    Effect.catchIf(
      ({ kind, text }) => kind === "forbidden" || isUnservedKind(text),
      ({ text }) =>
        Effect.map(
          renderTemplate(installed),
          (rendered): Rendering => ({ release: rendered, withoutServer: text }),
        ),
    ),
  );
});

export interface ReleaseCheckFacts {
  readonly rendering: Result.Result<Rendering, HelmError>;
  readonly previous: Result.Result<ReadonlyArray<KubeObject>, HelmError>;
  readonly types: Result.Result<ReadonlyArray<ResourceType>, KubectlError>;
  readonly mayEverything: Result.Result<boolean, KubectlError>;
  /** `undefined` where there is none or it cannot be read. */
  readonly webhookCertificate: KubeObject | undefined;
}

/** The chart as Helm renders it by itself; nothing where that leaves a question open. */
const renderAlone = (installed: InstalledRelease) =>
  renderTemplate(installed).pipe(
    Effect.map((release): Rendering | undefined => {
      const { recordBytes } = Redacted.value(release);
      return recordBytes !== undefined && recordSize(recordBytes) === "fits"
        ? { release, withoutServer: "nothing hangs on its answers" }
        : undefined;
    }),
    Effect.orElseSucceed(() => undefined),
    Effect.withSpan("tare.read.template"),
  );

export interface ReleaseChecksQuery {
  readonly installed: InstalledRelease;
  /** Whether CRDs will be written before Helm is started; left out, the server is asked in any case. */
  readonly writesCrds?: Effect.Effect<boolean>;
}

export const readReleaseChecks = Effect.fn("tare.read.release-checks")(function* ({
  installed,
  writesCrds = Effect.succeed(true),
}: ReleaseChecksQuery) {
  const [helm, kubectl] = yield* Effect.all([Helm, Kubectl]);
  const { release, deployed } = installed;
  const mayEverything = yield* Effect.cached(Effect.result(kubectl.mayI(EVERYTHING)));
  const webhookCertificate = yield* Effect.cached(
    readSecret(release.namespace, WEBHOOK_CERTIFICATE_SECRET),
  );
  const stakes = Effect.all(
    {
      mayEverything: Effect.map(mayEverything, (answer) => Result.getOrElse(answer, () => false)),
      certificateExpires: Effect.flatMap(webhookCertificate, expiresSoon),
      helmHasDefects: Effect.match(helm.version, { onFailure: () => true, onSuccess: hasDefects }),
    },
    { concurrency: "unbounded" },
  );
  const rendering = Effect.gen(function* () {
    // CRDs are written before Helm looks at anything: what it would refuse must be known before.
    const asks = (yield* writesCrds) || serverDecides(yield* stakes);
    const alone = asks ? undefined : yield* renderAlone(installed);
    return alone ?? (yield* renderRelease(installed));
  });
  const facts: ReleaseCheckFacts = yield* Effect.all(
    {
      rendering: Effect.result(rendering),
      previous: Effect.result(helm.manifest(release, deployed.revision)),
      types: Effect.result(kubectl.resources),
      mayEverything,
      webhookCertificate,
    },
    { concurrency: "unbounded" },
  );
  return facts;
});

const expiresSoon = (certificate: KubeObject | undefined): Effect.Effect<boolean> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const expiresAt = certificate === undefined ? undefined : certificateExpiry(certificate);
    return expiresAt !== undefined && certificateWarning(expiresAt, now, undefined) !== undefined;
  });

const readSecret = Effect.fnUntraced(function* (namespace: string, name: string) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.orElseSucceed(
    kubectl.get({ type: Secret, name, namespace }),
    Option.none<KubeObject>,
  );
  return Option.getOrUndefined(found);
});
