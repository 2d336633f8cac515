import type { FieldChange } from "../../../domain/fields/object-diff.ts";
import type { TakenFields } from "../../../domain/fields/taken-fields.ts";
import { planHasChanges, type UpgradePlan } from "../../../domain/plan/upgrade-plan.ts";
import {
  describeKept,
  describeLimit,
  describeRoll,
  describeRolled,
} from "../../../words/plan/plan.ts";
import { type Body, member } from "./body.ts";

const fieldBody = ({ path, before, after }: FieldChange) => ({
  path,
  ...member("before", before?.value),
  ...member("after", after?.value),
});

export const takenBody = (taken: ReadonlyArray<TakenFields>) =>
  taken.map(({ kind, namespace, name, fields }) => ({
    kind,
    ...member("namespace", namespace),
    name,
    fields: fields.map(({ owner, returns, ...field }) => ({
      ...fieldBody(field),
      ...member("owner", owner),
      returns,
    })),
  }));

export const planBody = (plan: UpgradePlan): Body => ({
  type: "plan",
  hasChanges: planHasChanges(plan),
  isFirst: plan.isFirst,
  fromVersion: plan.fromVersion,
  toVersion: plan.toVersion,
  values: plan.values.map(({ path, fate, before, after, keepWith }) => ({
    path,
    fate,
    ...member("before", before?.value),
    ...member("after", after?.value),
    ...member("keepWith", keepWith),
  })),
  crds: plan.crds.map(({ name, verdict, keptBy }) => ({
    name,
    verdict,
    ...member("why", keptBy && describeKept(keptBy)),
  })),
  objects: plan.objects.map(({ action, kind, namespace, name, fields, why }) => ({
    action,
    kind,
    ...member("namespace", namespace),
    name,
    ...member("why", why),
    fields: fields.map(fieldBody),
  })),
  taken: takenBody(plan.taken),
  hooks: plan.hooks,
  images: plan.images.map(({ before, after, usedBy }) => ({
    ...member("before", before),
    ...member("after", after),
    usedBy,
  })),
  rolls: plan.rolls.map(({ workload, namespace, pods, why }) => ({
    workload: describeRolled({ workload }),
    ...member("namespace", namespace),
    ...member("pods", pods),
    why: describeRoll(why),
  })),
  identityChanges: plan.identityChanges,
  budget: plan.budget,
  limits: plan.limits.map(describeLimit),
});
