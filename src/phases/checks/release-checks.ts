/**
 * What can only be checked once the release, its values and the chart are known: rights, the size of Helm's record, known
 * defects of Helm, the webhook's certificate. Everything that is wrong is told at once, before anything is written.
 */
import { Clock, Effect, Redacted, Result } from "effect";
import {
  type Access,
  type AccessQuestion,
  accessQuestions,
  describeRight,
  missingRights,
  rulesByRole,
} from "../../domain/access/access.ts";
import {
  droppedObjects,
  type HelmChange,
  helmAccess,
  type TypeOf,
} from "../../domain/access/helm-access.ts";
import { tareAccess } from "../../domain/access/tare-access.ts";
import { envoyGatewayHop } from "../../domain/checks/envoy-gateway-hops.ts";
import { helmDefects } from "../../domain/checks/helm-defects.ts";
import { describeDeletion } from "../../domain/checks/terminating.ts";
import { unservedObjects } from "../../domain/checks/unserved.ts";
import {
  certificateExpiry,
  certificateWarning,
  WEBHOOK_CERTIFICATE_SECRET,
} from "../../domain/checks/webhook-certificate.ts";
import { type CrdManifest, type LiveCrd, planCrd } from "../../domain/crds/plan.ts";
import { crdView, customType, servedVersions } from "../../domain/crds/view.ts";
import { type HelmDriver, recordType } from "../../domain/helm/driver.ts";
import {
  apiVersionOf,
  type KubeObject,
  type ResourceType,
  Secret,
} from "../../domain/kube/objects.ts";
import { describeRecordSize, recordSize } from "../../domain/release/release-size.ts";
import { inNamespace, type RenderedRelease } from "../../domain/release/rendered-release.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { redactText } from "../../domain/text/redaction.ts";
import type { PreflightProblem } from "../../errors/preflight.ts";
import { deletionRemedy } from "../../errors/remedies.ts";
import {
  ClusterUnavailable,
  PreflightFailed,
  StoredApisGone,
  UpgradeNotStarted,
} from "../../errors.ts";
import { CurrentHelmDriver } from "../../services/helm/CurrentHelmDriver.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import type { ReleaseCheckFacts, Rendering } from "./release-facts.ts";

const ACCESS_REVIEWS_AT_ONCE = 16;

type Problem = PreflightProblem;

export interface ReleaseChecksInput {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly facts: ReleaseCheckFacts;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}

export const typesFrom =
  (served: ReadonlyArray<ResourceType>): TypeOf =>
  ({ apiVersion, kind }) =>
    served.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);

export const chartTypes = (crds: ReadonlyArray<CrdManifest>): ReadonlyArray<ResourceType> =>
  crds.flatMap(({ object }) => {
    const view = crdView(object);
    return servedVersions(view).map((version) => customType(view, version));
  });

export const placed = (
  objects: ReadonlyArray<KubeObject>,
  typeOf: TypeOf,
  namespace: string,
): ReadonlyArray<KubeObject> =>
  objects.map((object) => inNamespace(object, typeOf(object)?.namespaced ?? true, namespace));

const crdWrites = (manifests: ReadonlyArray<CrdManifest>, live: ReadonlyArray<LiveCrd>) => {
  const found = new Map(live.map((crd) => [crd.metadata.name, crd]));
  const verdicts = manifests.map((manifest) => planCrd(manifest, found.get(manifest.name)));
  const names = (tag: "Create" | "Update") =>
    verdicts.flatMap(({ manifest, verdict }) => (verdict._tag === tag ? [manifest.name] : []));
  return { created: names("Create"), updated: names("Update") };
};

/** A right that is only missing for all objects of a kind may be there for those that matter. */
const deniedOf = Effect.fnUntraced(function* ({ general, named }: AccessQuestion) {
  const kubectl = yield* Kubectl;
  if (yield* kubectl.mayI(general)) return [];
  if (named.length === 0) return [general];
  const answers = yield* Effect.forEach(named, (access) =>
    Effect.map(kubectl.mayI(access), (allowed) => (allowed ? [] : [access])),
  );
  const denied = answers.flat();
  return denied.length === named.length ? [general] : denied;
});

const deniedAccess = Effect.fnUntraced(function* (needed: ReadonlyArray<Access>) {
  const denied = yield* Effect.forEach(accessQuestions(needed), deniedOf, {
    concurrency: ACCESS_REVIEWS_AT_ONCE,
  });
  return denied.flat();
});

const rightsProblems = (denied: ReadonlyArray<Access>): ReadonlyArray<Problem> => {
  const missing = missingRights(denied);
  const problems: ReadonlyArray<Problem> = missing.map((right) => ({
    problem: `rights: this account ${describeRight(right)}`,
  }));
  const remedies = rulesByRole(missing).map(({ role, rules }) => ({
    title: `Rules to add to ${role}:`,
    commands: rules,
  }));
  const last = problems.length - remedies.length;
  // One remedy for each role, however many rights of it are missing.
  return problems.map((problem, index) => {
    const remedy = index >= last ? remedies[index - last] : undefined;
    return remedy === undefined ? problem : { ...problem, remedy };
  });
};

const STORAGE = {
  Secrets: "secrets",
  ConfigMaps: "configmaps",
  Elsewhere: "elsewhere",
} as const satisfies Record<HelmDriver["_tag"], HelmChange["storage"]>;

const neededAccess = (
  { options, installed }: ReleaseChecksInput,
  liveCrds: ReadonlyArray<LiveCrd>,
  rendered: RenderedRelease,
  previous: ReadonlyArray<KubeObject>,
  served: ReadonlyArray<ResourceType>,
  storage: HelmChange["storage"],
): ReadonlyArray<Access> => {
  const { release, chart } = installed;
  const typeOf = typesFrom([...served, ...chartTypes(chart.crds)]);
  const here = (objects: ReadonlyArray<KubeObject>) => placed(objects, typeOf, release.namespace);
  return [
    ...helmAccess(
      {
        release,
        previous: here(previous),
        next: here(rendered.objects),
        hooks: here(rendered.hooks),
        atomic: options.atomic,
        storage,
      },
      typeOf,
    ),
    ...tareAccess({
      release,
      dataplaneNamespace: options.dataplaneNamespace,
      crds: crdWrites(chart.crds, liveCrds),
    }),
  ];
};

const checkRights = Effect.fnUntraced(function* (
  input: ReleaseChecksInput,
  rendered: RenderedRelease,
) {
  const { mayEverything, previous, types } = input.facts;
  if (Result.isSuccess(mayEverything) && mayEverything.success) return [];
  const denied = yield* Effect.gen(function* () {
    yield* Effect.fromResult(mayEverything);
    const [before, served] = [yield* Effect.fromResult(previous), yield* Effect.fromResult(types)];
    const storage = STORAGE[(yield* yield* CurrentHelmDriver)._tag];
    return yield* deniedAccess(
      neededAccess(input, yield* input.liveCrds, rendered, before, served, storage),
    );
  }).pipe(
    Effect.catch(({ message }) =>
      Effect.as(warn({ code: "permissions-unchecked", cause: message }), []),
    ),
  );
  return rightsProblems(denied);
});

const checkSize = Effect.fnUntraced(function* ({ recordBytes }: RenderedRelease) {
  if (recordBytes === undefined) return [];
  const size = recordSize(recordBytes);
  if (size === "nearly") yield* warn({ code: "record-nearly-full", bytes: recordBytes });
  const problem = `size: ${describeRecordSize(recordBytes)}`;
  return size === "too-large" ? [{ problem } satisfies Problem] : [];
});

const warnOfHelm = Effect.fnUntraced(function* (
  { options, facts: { previous } }: ReleaseChecksInput,
  rendered: RenderedRelease,
) {
  const helm = yield* Helm;
  const version = yield* Effect.option(helm.version);
  if (version._tag === "None" || Result.isFailure(previous)) return;
  const dropped = droppedObjects(previous.success, rendered.objects);
  yield* Effect.forEach(helmDefects(version.value, { dropped, atomic: options.atomic }), warn, {
    discard: true,
  });
});

const checkHop = Effect.fnUntraced(function* (
  { facts: { previous } }: ReleaseChecksInput,
  rendered: RenderedRelease,
) {
  const before = Result.getOrElse(previous, (): ReadonlyArray<KubeObject> => []);
  const { problem, warning } = envoyGatewayHop(before, rendered.objects);
  if (warning !== undefined) yield* warn(warning);
  return problem === undefined ? [] : [{ problem } satisfies Problem];
});

const warnOfCertificate = Effect.fnUntraced(function* (
  live: KubeObject | undefined,
  { release, withoutServer }: Rendering,
) {
  const expiresAt = live === undefined ? undefined : certificateExpiry(live);
  if (expiresAt === undefined) return;
  const next = Redacted.value(release).objects.find(
    ({ kind, metadata }) => kind === "Secret" && metadata.name === WEBHOOK_CERTIFICATE_SECRET,
  );
  // Without the server every rendering makes a new one.
  const renewed =
    withoutServer === undefined
      ? next !== undefined && certificateExpiry(next) !== expiresAt
      : undefined;
  const warning = certificateWarning(expiresAt, yield* Clock.currentTimeMillis, renewed);
  if (warning !== undefined) yield* warn(warning);
});

const terminatingProblems = ({ namespaces }: ReleaseCheckFacts): ReadonlyArray<PreflightProblem> =>
  namespaces.flatMap((namespace) => {
    const { name } = namespace.metadata;
    const deletion = describeDeletion(namespace);
    return deletion === undefined
      ? []
      : [
          {
            problem: `namespace ${name} ${deletion}`,
            remedy: deletionRemedy("namespace", name, undefined),
          },
        ];
  });

/** Helm builds what it upgrades from, and what it rolls back to, before it writes any of it. */
const requireServed = Effect.fnUntraced(function* ({
  options,
  installed,
  facts,
}: ReleaseChecksInput) {
  const { release, deployed, chart } = installed;
  const { previous, restored, types } = facts;
  if (Result.isFailure(types)) return;
  const served = [...types.success, ...chartTypes(chart.crds)];
  const stored = [
    { revision: deployed.revision, objects: previous },
    ...(restored === undefined || !options.atomic ? [] : [restored]),
  ];
  const objects = stored.flatMap(({ revision, objects: some }) =>
    Result.isFailure(some) ? [] : unservedObjects(revision, some.success, served),
  );
  if (objects.length === 0) return;
  const recordKind = recordType(yield* yield* CurrentHelmDriver)?.kind ?? Secret.kind;
  return yield* new StoredApisGone({ release, recordKind, objects });
});

/** Fails with everything that stands in the way; the warnings come first. */
export const releaseChecks = Effect.fn("tare.release-checks")(function* (
  input: ReleaseChecksInput,
) {
  const { facts } = input;
  const terminating = terminatingProblems(facts);
  // Whatever else is wrong in there is because of it.
  if (terminating.length > 0) return yield* new PreflightFailed({ problems: terminating });
  yield* requireServed(input);
  if (Result.isFailure(facts.rendering)) return;
  const rendering = facts.rendering.success;
  const rendered = Redacted.value(rendering.release);
  yield* warnOfHelm(input, rendered);
  yield* warnOfCertificate(facts.webhookCertificate, rendering);
  const problems = [
    ...(yield* checkHop(input, rendered)),
    ...(yield* checkRights(input, rendered)),
    ...(yield* checkSize(rendered)),
  ];
  if (problems.length > 0) return yield* new PreflightFailed({ problems });
});

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
