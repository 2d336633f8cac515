/** What the checks that need the release ask of Helm and the cluster: all at once, and none of it writes. */
import { Effect, Option, type Redacted, Result } from "effect";
import { EVERYTHING } from "../../domain/access/access.ts";
import { WEBHOOK_CERTIFICATE_SECRET } from "../../domain/checks/webhook-certificate.ts";
import type { LiveCrd } from "../../domain/crds/plan.ts";
import type { ApplyMethod } from "../../domain/helm/arguments.ts";
import {
  type KubeObject,
  Namespace,
  ResourceQuota,
  type ResourceType,
  Secret,
} from "../../domain/kube/objects.ts";
import { lastRevision, type ReleaseRef } from "../../domain/release/release.ts";
import { isUnservedKind, type RenderedRelease } from "../../domain/release/rendered-release.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { Helm, type HelmError } from "../../services/helm/Helm.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

export interface Rendering {
  readonly release: Redacted.Redacted<RenderedRelease>;
  /** Why the server could not be asked; its lookups were not answered then. */
  readonly withoutServer: string | undefined;
}

/** What a template is rendered from: Helm would take the version of Kubernetes that it was built for. */
export const templateRequest = Effect.fnUntraced(function* ({
  release,
  chart,
  values,
  deployed,
}: InstalledRelease) {
  const kubectl = yield* Kubectl;
  const server = Option.getOrUndefined(yield* Effect.option(kubectl.serverVersion));
  const isFirst = deployed === undefined;
  return { release, chart: chart.directory, values, isFirst, kubeVersion: server?.text };
});

/**
 * The server knows the chart's lookups, but not the kinds whose CRDs this run will bring, nor what this account cannot
 * read. Then the chart is rendered without it.
 */
const renderRelease = Effect.fn("tare.read.rendering")(function* (installed: InstalledRelease) {
  const helm = yield* Helm;
  const { release, chart, values, deployed } = installed;
  const isFirst = deployed === undefined;
  const request = { release, chart: chart.directory, values, isFirst };
  return yield* helm.render(request, "server").pipe(
    Effect.map((rendered): Rendering => ({ release: rendered, withoutServer: undefined })),
    Effect.catchIf(
      ({ kind, text }) => kind === "forbidden" || isUnservedKind(text),
      ({ text }) =>
        Effect.map(
          Effect.flatMap(templateRequest(installed), (template) => helm.render(template, "none")),
          (rendered): Rendering => ({ release: rendered, withoutServer: text }),
        ),
    ),
  );
});

const readWebhookCertificate = Effect.fnUntraced(function* ({ namespace }: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const ref = { type: Secret, name: WEBHOOK_CERTIFICATE_SECRET, namespace };
  const found = yield* Effect.orElseSucceed(kubectl.get(ref), Option.none<KubeObject>);
  return Option.getOrUndefined(found);
});

/** What depends neither on the chart nor on a revision: it can be read while they are. */
export interface StandingFacts {
  readonly isClusterAdmin: Result.Result<boolean, KubectlError>;
  /** `undefined` where there is none or it cannot be read. */
  readonly webhookCertificate: KubeObject | undefined;
  /** The system's and the data plane's, as far as they are there and can be read. */
  readonly namespaces: ReadonlyArray<KubeObject>;
  /** Of both; none that cannot be read. */
  readonly quotas: ReadonlyArray<KubeObject>;
}

type Where = Pick<UpgradeOptions, "release" | "dataplaneNamespace">;

const namespacesOf = ({ release, dataplaneNamespace }: Where): ReadonlyArray<string> => [
  ...new Set([release.namespace, dataplaneNamespace]),
];

const NOTHING: ReadonlyArray<KubeObject> = [];

export const readNamespaces = Effect.fnUntraced(function* (where: Where) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.forEach(
    namespacesOf(where),
    (name) =>
      kubectl.get({ type: Namespace, name }).pipe(
        Effect.map(Option.toArray),
        Effect.orElseSucceed(() => NOTHING),
      ),
    { concurrency: "unbounded" },
  );
  return found.flat();
});

export const readQuotas = Effect.fnUntraced(function* (where: Where) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.forEach(
    namespacesOf(where),
    (namespace) =>
      Effect.orElseSucceed(kubectl.list({ type: ResourceQuota, namespace }), () => NOTHING),
    { concurrency: "unbounded" },
  );
  return found.flat();
});

export const readStandingFacts = Effect.fn("tare.read.standing-facts")(function* (where: Where) {
  const kubectl = yield* Kubectl;
  const facts: StandingFacts = yield* Effect.all(
    {
      isClusterAdmin: Effect.result(kubectl.canI(EVERYTHING)),
      webhookCertificate: readWebhookCertificate(where.release),
      namespaces: readNamespaces(where),
      quotas: readQuotas(where),
    },
    { concurrency: "unbounded" },
  );
  return facts;
});

export interface ReleaseCheckFacts extends StandingFacts {
  readonly rendering: Result.Result<Rendering, HelmError>;
  /** How Helm will write the objects. */
  readonly method: Result.Result<ApplyMethod, HelmError>;
  readonly previous: Result.Result<ReadonlyArray<KubeObject>, HelmError>;
  /** Where a rollback would go, if that is another revision. */
  readonly restored: StoredObjects | undefined;
  readonly types: Result.Result<ReadonlyArray<ResourceType>, KubectlError>;
}

interface StoredObjects {
  readonly revision: number;
  readonly objects: Result.Result<ReadonlyArray<KubeObject>, HelmError>;
}

interface CheckedRelease {
  readonly installed: InstalledRelease;
  readonly standing: Effect.Effect<StandingFacts>;
}

export const readReleaseChecks = Effect.fn("tare.read.release-checks")(function* ({
  installed,
  standing,
}: CheckedRelease) {
  const [helm, kubectl] = yield* Effect.all([Helm, Kubectl]);
  const { release, deployed, history, lastGood } = installed;
  // Which is not the deployed one where an attempt failed.
  const newest = lastRevision(history)?.revision;
  const stored = (revision: number) => Effect.result(helm.manifest(release, revision));
  const firstMethod = Effect.map(
    helm.version,
    ({ major }): ApplyMethod => (major >= 4 ? "server" : "client"),
  );
  const readRestored =
    deployed === undefined || lastGood === undefined || lastGood.revision === deployed.revision
      ? Effect.succeed(undefined)
      : Effect.map(stored(lastGood.revision), (objects) => ({
          revision: lastGood.revision,
          objects,
        }));
  const { standing: standingFacts, ...ofRelease } = yield* Effect.all(
    {
      standing,
      rendering: Effect.result(renderRelease(installed)),
      method: Effect.result(
        deployed === undefined || newest === undefined
          ? firstMethod
          : helm.applyMethod(release, newest),
      ),
      previous:
        deployed === undefined
          ? Effect.succeed(Result.succeed<ReadonlyArray<KubeObject>>([]))
          : stored(deployed.revision),
      restored: readRestored,
      types: Effect.result(kubectl.resources),
    },
    { concurrency: "unbounded" },
  );
  const facts: ReleaseCheckFacts = { ...ofRelease, ...standingFacts };
  return facts;
});

/** What the checks that need the release look at. */
export interface ReleaseChecksInput {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly facts: ReleaseCheckFacts;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}
