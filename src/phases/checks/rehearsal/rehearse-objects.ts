/** What the server says to everything that this upgrade makes it write, and to the pods that come of it. */
import { Effect, Redacted, Result } from "effect";
import type { TypeOf } from "../../../domain/access/helm-access.ts";
import { imagesBetween } from "../../../domain/chart/image-references.ts";
import { webhookDown } from "../../../domain/checks/admission-refusal.ts";
import {
  type ObjectsToCome,
  quotaShortfalls,
  recordsToCome,
} from "../../../domain/checks/object-room.ts";
import { type PodsToCome, withProxyResources } from "../../../domain/checks/pod-rehearsal.ts";
import { type LiveCrd, planCrd } from "../../../domain/crds/plan.ts";
import type { ObjectChange } from "../../../domain/fields/object-change.ts";
import { recordType } from "../../../domain/helm/driver.ts";
import type { Identity } from "../../../domain/identity/identity.ts";
import {
  EnvoyProxy,
  fieldAt,
  type KubeObject,
  listAt,
  Secret,
  stringAt,
} from "../../../domain/kube/objects.ts";
import { dataPlaneRolls, drainRolls } from "../../../domain/plan/data-plane-roll.ts";
import { lastRevision } from "../../../domain/release/release.ts";
import type { UpgradeOptions } from "../../../domain/run/upgrade-options.ts";
import { redactText } from "../../../domain/text/redaction.ts";
import { CurrentHelmDriver, CurrentMaxHistory } from "../../../services/helm/CurrentHelmDriver.ts";
import type { KubectlError } from "../../../services/kube/Kubectl.ts";
import { unavailable } from "../../kube/unavailable.ts";
import type { InstalledRelease } from "../../release/installed-release.ts";
import type { HaFacts } from "../ha-preflight.ts";
import { chartTypes, placed, typesFrom } from "../release/object-types.ts";
import type { ReleaseCheckFacts } from "../release-facts.ts";
import { rehearseHooks } from "./hooks.ts";
import { rehearseOwnObjects } from "./own-objects.ts";
import { judgePods } from "./pods-to-come.ts";
import { planObjects } from "./rehearsed-objects.ts";

export interface ObjectChecksInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  readonly facts: ReleaseCheckFacts;
  readonly ha: HaFacts;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}

/** The proxies are made by Envoy Gateway: their pods are those that run, with what their EnvoyProxy asks for from now on. */
const proxyPods = (
  { options, ha }: ObjectChecksInput,
  changes: ReadonlyArray<ObjectChange>,
  next: ReadonlyArray<KubeObject>,
): ReadonlyArray<PodsToCome> => {
  const rolls = [
    ...dataPlaneRolls(changes, ha.deployments),
    ...drainRolls(ha.deployments, options.drainTimeout),
  ];
  const proxies = next.filter(({ kind }) => kind === EnvoyProxy.kind);
  const only = proxies.length === 1 ? proxies[0] : undefined;
  return rolls.length === 0
    ? []
    : ha.deployments
        .filter((deployment) => fieldAt(deployment, "spec", "replicas") !== 0)
        .map((workload) => ({
          workload,
          namespace: workload.metadata.namespace ?? options.dataplaneNamespace,
          template: withProxyResources(fieldAt(workload, "spec", "template"), only),
        }));
};

/** Objects that will be there besides, by namespace and kind. */
const objectsToCome = Effect.fnUntraced(function* (
  { options, installed }: ObjectChecksInput,
  created: ReadonlyArray<KubeObject>,
  typeOf: TypeOf,
) {
  const { release, records, identity } = installed;
  const storage = recordType(yield* yield* CurrentHelmDriver) ?? Secret;
  const maxHistory = yield* yield* CurrentMaxHistory;
  const { namespace } = release;
  const coming: ReadonlyArray<ObjectsToCome> = [
    {
      namespace,
      type: storage,
      count: recordsToCome(records, { atomic: options.atomic, maxHistory }),
    },
    { namespace, type: Secret, count: identity === undefined ? 1 : 0 },
    ...created.flatMap((object) => {
      const type = typeOf(object);
      return type === undefined || object.metadata.namespace === undefined
        ? []
        : [{ namespace: object.metadata.namespace, type, count: 1 }];
    }),
  ];
  return coming;
});

/** The webhooks of the release itself: what is down may be what this upgrade fixes. */
const ownWebhooks = (objects: ReadonlyArray<KubeObject>): ReadonlySet<string> =>
  new Set(
    objects
      .filter(({ kind }) => kind.endsWith("WebhookConfiguration"))
      .flatMap((object) => listAt(object, "webhooks"))
      .flatMap((webhook) => stringAt(webhook, "name") ?? []),
  );

/** Kinds whose schema this run writes first: what is refused now can be allowed then, and the other way round. */
export const changingKinds = Effect.fnUntraced(function* ({
  installed: { chart },
  liveCrds,
}: ObjectChecksInput) {
  const live = yield* Effect.mapError(liveCrds, unavailable("read the CRDs"));
  const found = new Map(live.map((crd) => [crd.metadata.name, crd]));
  const changing = chart.crds.filter(
    (manifest) => planCrd(manifest, found.get(manifest.name)).verdict._tag !== "Skip",
  );
  return new Set(changing.map(({ name }) => name));
});

/** A failed read is reported where the CRDs are looked at. */
const writesCrds = (input: ObjectChecksInput) =>
  changingKinds(input).pipe(
    Effect.map(({ size }) => size > 0),
    Effect.orElseSucceed(() => false),
  );

/** Nothing where the chart does not render, which ends the run by itself. */
export const rehearseObjects = Effect.fn("tare.rehearse.objects")(function* (
  input: ObjectChecksInput,
) {
  const { identity, installed, facts } = input;
  const { release, chart, secrets, history } = installed;
  if (Result.isFailure(facts.rendering)) return undefined;
  const rendered = Redacted.value(facts.rendering.success.release);
  const previous = yield* Effect.mapError(
    Effect.fromResult(facts.previous),
    unavailable("read the objects of the deployed revision"),
  );
  const served = yield* Effect.mapError(
    Effect.fromResult(facts.types),
    unavailable("read what the cluster serves"),
  );
  const everything = typesFrom([...served, ...chartTypes(chart.crds)]);
  const place = (objects: typeof previous) => placed(objects, everything, release.namespace);
  const [before, after, hooks] = [place(previous), place(rendered.objects), place(rendered.hooks)];
  const redact = (text: string) => redactText(text, secrets);
  const [objects, ofHooks, own] = yield* Effect.all(
    [
      planObjects({
        previous: before,
        next: after,
        typeOf: typesFrom(served),
        // Unknown, the list may be too long; taken for the client's, too short.
        method: Result.getOrElse(facts.method, () => "server" as const),
        redact,
      }),
      rehearseHooks(hooks, typesFrom(served), redact),
      rehearseOwnObjects({
        release,
        identity,
        revision: (lastRevision(history)?.revision ?? 0) + 1,
        writesCrds: yield* writesCrds(input),
      }),
    ],
    { concurrency: "unbounded" },
  );
  const isNew = ({ kind, metadata: { name, namespace } }: KubeObject) =>
    objects.changes.some(
      (change) =>
        change.action === "create" &&
        change.kind === kind &&
        change.name === name &&
        change.namespace === namespace,
    );
  const [pods, coming] = yield* Effect.all(
    [
      judgePods([...objects.pods, ...ofHooks.pods, ...proxyPods(input, objects.changes, after)]),
      objectsToCome(input, after.filter(isNew), typesFrom(served)),
    ],
    { concurrency: "unbounded" },
  );
  const ownHooks = ownWebhooks([...before, ...after, ...hooks]);
  const isOwn = (one: { readonly detail?: string }) =>
    ownHooks.has(webhookDown(one.detail ?? "") ?? "");
  return {
    ...objects,
    refused: [...objects.refused, ...ofHooks.refused, ...own].filter((one) => !isOwn(one)),
    pods: pods.filter((one) => !isOwn(one)),
    shortfalls: quotaShortfalls(facts.quotas, coming),
    images: imagesBetween(before, after),
  };
});

export type RehearsedObjects = NonNullable<Effect.Success<ReturnType<typeof rehearseObjects>>>;
