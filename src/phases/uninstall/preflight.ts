/** Decides whether there is something to uninstall that is this program's to uninstall, shows it, and asks. */
import { Effect, Option, Redacted } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import type { UninstallOptions } from "../../domain/uninstall/options.ts";
import { uninstallPlan } from "../../domain/uninstall/plan.ts";
import { uninstallDecision } from "../../domain/uninstall/state.ts";
import { NotConfirmed, UninstallRefused } from "../../errors.ts";
import type { HelmError } from "../../services/helm/Helm.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { report } from "../../services/report/Reporter.ts";
import { Prompts } from "../../services/run/Prompts.ts";
import { runChecks } from "../checks/check.ts";
import { HOME_CHECK, PREFLIGHT_CHECKS, type PreflightFacts } from "../checks/preflight.ts";
import { readKeeper } from "../install/read.ts";
import { unavailable } from "../kube/unavailable.ts";
import { requireOwnDataPlane } from "../release/carrying.ts";
import type { ReleaseFacts } from "../release/read-release.ts";
import { requireOwnIdentity } from "../release/requirements.ts";
import { findUnrecorded, requireRecordsInCluster } from "../release/unrecorded.ts";
import { readInventory } from "./inventory.ts";

export interface UninstallPreflightInput {
  readonly options: UninstallOptions;
  readonly identity: Identity;
  readonly facts: Effect.Effect<PreflightFacts>;
  readonly release: Effect.Effect<ReleaseFacts, HelmError | KubectlError>;
}

/** What is of no matter to something that goes: sidecars that drain, metrics that scale. */
const CHECKS = PREFLIGHT_CHECKS.filter(({ id }) => ["kubectl", "helm", "cluster"].includes(id));

const check = Effect.fnUntraced(function* ({ options, facts }: UninstallPreflightInput) {
  const home = options.dryRun ? [] : [HOME_CHECK];
  if (options.skipPreflight) {
    yield* runChecks(home, undefined);
    return yield* report({ _tag: "PreflightSkipped" });
  }
  yield* runChecks([...CHECKS, ...home], { facts: yield* facts, ha: false });
});

const confirmed = Effect.fnUntraced(function* ({ yes, release }: UninstallOptions) {
  if (yes) return;
  const prompts = yield* Prompts;
  const answer = yield* prompts.typed({ _tag: "Uninstall", release });
  if (!Option.contains(answer, release.name)) {
    return yield* new NotConfirmed({ isAsked: Option.isSome(answer), command: "uninstall" });
  }
});

export const uninstallPreflight = {
  id: "uninstall-preflight",
  title: "Preflight",
  run: Effect.fnUntraced(function* (input: UninstallPreflightInput) {
    const { options, identity } = input;
    const { release, dryRun, force } = options;
    yield* check(input);
    yield* requireRecordsInCluster;
    const facts = yield* Effect.mapError(input.release, unavailable("read the release"));
    const { history, stored } = facts;
    if (stored !== undefined) yield* requireOwnDataPlane(options, Redacted.value(stored));
    yield* requireOwnIdentity(release, facts.identity, identity);
    const { inventory, keeper, unrecorded } = yield* Effect.all(
      {
        inventory: Effect.mapError(
          readInventory(options),
          unavailable("read what belongs to the release"),
        ),
        keeper: readKeeper(options),
        unrecorded: findUnrecorded(release),
      },
      { concurrency: "unbounded" },
    );
    const plan = uninstallPlan(inventory, history, options);
    const decision = uninstallDecision({ history, keeper, unrecorded, plan, force });
    const { context, server } = facts;
    if (decision._tag !== "Nothing") {
      yield* report({ _tag: "UninstallPlanned", plan, context, server, dryRun });
    }
    if (decision._tag === "Uninstall") {
      if (!dryRun) yield* confirmed(options);
    } else if (decision._tag !== "Nothing") {
      return yield* new UninstallRefused({ release, refusal: decision });
    }
    return { facts, inventory, plan, isNothing: decision._tag === "Nothing" };
  }),
};
