import { Effect, Result } from "effect";
import { unservedObjects } from "../../../domain/checks/unserved.ts";
import { recordType } from "../../../domain/helm/driver.ts";
import { Secret } from "../../../domain/kube/objects.ts";
import { StoredApisGone } from "../../../errors.ts";
import { CurrentHelmDriver } from "../../../services/helm/CurrentHelmDriver.ts";
import type { ReleaseChecksInput } from "../release-facts.ts";
import { chartTypes } from "./object-types.ts";

/** Helm builds what it upgrades from, and what it rolls back to, before it writes any of it. */
export const requireServed = Effect.fnUntraced(function* ({
  options,
  installed,
  facts,
}: ReleaseChecksInput) {
  const { release, deployed, chart } = installed;
  const { previous, restored, types } = facts;
  if (Result.isFailure(types) || deployed === undefined) return;
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
