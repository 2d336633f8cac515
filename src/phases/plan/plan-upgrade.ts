/** `--plan`: what the run would do. It reads, and has the server rehearse; it writes nothing. */
import { Effect, Redacted } from "effect";
import { mergedImages } from "../../domain/chart/image-references.ts";
import { type LiveCrd, type PlannedCrd, planCrd } from "../../domain/crds/plan.ts";
import { imageChanges } from "../../domain/fields/object-change.ts";
import { showValue } from "../../domain/fields/object-diff.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { identitySecret } from "../../domain/identity/identity-secret.ts";
import { fieldAt } from "../../domain/kube/objects.ts";
import { dataPlaneRolls, drainRolls } from "../../domain/plan/data-plane-roll.ts";
import { plannedValues } from "../../domain/plan/planned-values.ts";
import type { PlannedCrdChange, UpgradePlan } from "../../domain/plan/upgrade-plan.ts";
import { liveReplicas } from "../../domain/rollout/rollout-budget.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { runningDrain } from "../../domain/streams/running-drain.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { redactText } from "../../domain/text/redaction.ts";
import type {
  ClusterUnavailable,
  CrdRightsMissing,
  CrdsRefused,
  PreflightFailed,
  UpgradeNotStarted,
} from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import { Helm } from "../../services/helm/Helm.ts";
import type { Kubectl, KubectlError } from "../../services/kube/Kubectl.ts";
import type { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import type { HaFacts } from "../checks/ha-preflight.ts";
import type { RehearsedObjects } from "../checks/rehearsal/rehearse-objects.ts";
import { requireRendered } from "../checks/release/require-rendered.ts";
import type { ReleaseCheckFacts } from "../checks/release-facts.ts";
import { unavailableOrForbidden } from "../crds/failures.ts";
import { rehearse } from "../crds/rehearse.ts";
import { unavailable } from "../kube/unavailable.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

export interface PlanInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  readonly facts: ReleaseCheckFacts;
  /** Nothing where the chart does not render. */
  readonly objects: RehearsedObjects | undefined;
  readonly ha: HaFacts;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}

const NO_OBJECTS: RehearsedObjects = {
  changes: [],
  rolls: [],
  taken: [],
  reach: [],
  takeBack: [],
  images: [],
  refused: [],
  pods: [],
  shortfalls: [],
  limits: [],
};

const crdChange = ({ manifest: { name }, verdict }: PlannedCrd): PlannedCrdChange => {
  switch (verdict._tag) {
    case "Create":
      return { name, verdict: "create" };
    case "Update":
      return { name, verdict: "update" };
    case "Skip":
      return verdict.reason === "identical"
        ? { name, verdict: "unchanged" }
        : {
            name,
            verdict: "kept",
            keptBy:
              verdict.reason === "newer"
                ? { _tag: "NewerBundle", live: verdict.live, ours: verdict.ours }
                : { _tag: "Platform", platform: verdict.platform },
          };
  }
};

const planCrds = Effect.fnUntraced(function* ({ installed, liveCrds }: PlanInput) {
  const live = yield* Effect.mapError(liveCrds, unavailableOrForbidden("read the CRDs"));
  const { crds } = installed.chart;
  const found = new Map(live.map((crd) => [crd.metadata.name, crd]));
  const quick = crds.map((manifest) => planCrd(manifest, found.get(manifest.name)));
  const settled = quick.every(({ verdict }) => verdict._tag === "Skip");
  if (settled) return quick.map(crdChange);
  const rehearsed = yield* rehearse(crds, live, installed.release);
  return rehearsed.map(({ planned }) => crdChange(planned));
});

const planValues = Effect.fnUntraced(function* ({ installed }: PlanInput) {
  const helm = yield* Helm;
  const { release, deployed, carry, chart, secrets } = installed;
  const effective = yield* Effect.mapError(
    deployed === undefined
      ? Effect.succeed(Redacted.make({}, { label: "values" }))
      : helm.allValues(release, deployed.revision),
    unavailable("read the values of the deployed revision"),
  );
  const stored = Redacted.value(installed.stored);
  return plannedValues(
    {
      stored,
      effective: Redacted.value(effective),
      next: Redacted.value(installed.values),
      defaults: chart.defaults,
      carry,
      lost: installed.lost,
    },
    showValue(false, (text) => redactText(text, secrets)),
  );
});

export const identityChanges = ({
  identity,
  installed,
}: Pick<PlanInput, "identity" | "installed">): boolean => {
  const wanted = identitySecret(identity, installed.release.namespace);
  const live = installed.identity === undefined ? undefined : Redacted.value(installed.identity);
  return fieldAt(wanted, "data", "identity.json") !== fieldAt(live, "data", "identity.json");
};

export const plannedBudget = ({
  options,
  ha,
}: Pick<PlanInput, "options" | "ha">): UpgradePlan["budget"] => ({
  timeout: formatGoDuration(options.timeout),
  drain: formatGoDuration(options.drainTimeout),
  replicas: liveReplicas(ha.deployments.map(runningDrain)),
});

type PlanError =
  | ClusterUnavailable
  | CrdRightsMissing
  | CrdsRefused
  | PreflightFailed
  | UpgradeNotStarted;

type PlanNeeds = Helm | Kubectl | ReleaseRecords | Reporter;

/** What the run would do, put together from what it would look at. */
export const makePlan = Effect.fn("tare.make-plan")(function* (
  input: PlanInput,
): Effect.fn.Return<UpgradePlan, PlanError, PlanNeeds> {
  const { options, installed, facts, ha, objects = NO_OBJECTS } = input;
  const { chart } = installed;
  const rendering = yield* requireRendered(installed, facts);
  const rendered = Redacted.value(rendering.release);
  const [values, crds] = yield* Effect.all([planValues(input), planCrds(input)], {
    concurrency: "unbounded",
  });
  return {
    isFirst: installed.deployed === undefined,
    fromVersion: installed.fromVersion,
    toVersion: chart.version,
    values,
    crds,
    objects: objects.changes,
    taken: objects.taken,
    images: mergedImages([...imageChanges(objects.changes), ...objects.images]),
    rolls: [
      ...drainRolls(ha.deployments, options.drainTimeout),
      ...objects.rolls,
      ...dataPlaneRolls(objects.changes, ha.deployments),
    ],
    hooks: rendered.hooks.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    identityChanges: identityChanges(input),
    budget: plannedBudget(input),
    limits: [
      ...(rendering.withoutServer === undefined
        ? []
        : [{ _tag: "WithoutServer", detail: rendering.withoutServer } as const]),
      ...objects.limits,
    ],
  };
});

export const planUpgrade: Phase<PlanInput, UpgradePlan, PlanError, PlanNeeds> = {
  id: "plan",
  title: "Plan",
  run: Effect.fnUntraced(function* (input) {
    const plan = yield* makePlan(input);
    yield* report({ _tag: "Planned", plan });
    return plan;
  }),
};
