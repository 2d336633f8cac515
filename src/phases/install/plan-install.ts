/** `tare install --plan`: what the installation would do. It reads, and has the server rehearse; it writes nothing. */
import { Duration, Effect } from "effect";
import type { UpgradePlan } from "../../domain/plan/upgrade-plan.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { runningDrain } from "../../domain/streams/running-drain.ts";
import { report } from "../../services/report/Reporter.ts";
import type { HaFacts } from "../checks/ha-preflight.ts";
import { identityChanges, makePlan, type PlanInput, plannedBudget } from "../plan/plan-upgrade.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { asItDrains } from "./helm-install.ts";
import type { PlannedPreparation } from "./plan-preparation.ts";

export interface PlanInstallInput {
  readonly options: UpgradeOptions;
  readonly identity: PlanInput["identity"];
  readonly installed: InstalledRelease;
  readonly ha: HaFacts;
  readonly preparation: PlannedPreparation;
  /** What Helm's part of the run looks at; nothing where the run would leave the release alone. */
  readonly checked: Pick<PlanInput, "facts" | "objects" | "liveCrds"> | undefined;
}

/** Pods that are replaced drain for as long as they do now, unless something else was asked for. */
const budgetOf = ({ options, installed, ha }: PlanInstallInput): UpgradePlan["budget"] => {
  const drains = ha.deployments.flatMap((one) => runningDrain(one).drain ?? []);
  const keepsDrain = installed.deployed !== undefined && asItDrains(options) !== options;
  const drainTimeout =
    keepsDrain && drains.length > 0 ? drains.reduce(Duration.max) : options.drainTimeout;
  return plannedBudget({ options: { ...options, drainTimeout }, ha });
};

/** The release stays as it is, whatever differs from it on the cluster: only secrets are written. */
const secretsAlone = (input: PlanInstallInput): UpgradePlan => {
  const { installed } = input;
  return {
    isFirst: false,
    fromVersion: installed.fromVersion,
    toVersion: installed.chart.version,
    values: [],
    crds: [],
    objects: [],
    taken: [],
    images: [],
    rolls: [],
    hooks: [],
    identityChanges: identityChanges(input),
    budget: budgetOf(input),
    limits: [],
  };
};

const ofHelm = (input: PlanInstallInput) =>
  input.checked === undefined
    ? Effect.succeed(secretsAlone(input))
    : makePlan({
        ...{ ...input, ...input.checked },
        options: input.installed.deployed === undefined ? input.options : asItDrains(input.options),
      });

export const planInstall = {
  id: "plan",
  title: "Plan",
  run: Effect.fnUntraced(function* (input: PlanInstallInput) {
    const { changes, limits } = input.preparation;
    const made = yield* ofHelm(input);
    const plan: UpgradePlan = {
      ...made,
      budget: budgetOf(input),
      objects: [...changes, ...made.objects],
      limits: [...limits, ...made.limits],
    };
    yield* report({ _tag: "Planned", plan });
    return plan;
  }),
};
