/** Whether a release can be brought back at all: nothing new can be made in a namespace that is being deleted, or beyond a quota. */
import { Effect } from "effect";
import { quotaShortfalls, recordsToCome } from "../../../domain/checks/object-room.ts";
import type { PreflightProblem } from "../../../domain/checks/problem.ts";
import { deletionOf } from "../../../domain/checks/terminating.ts";
import { recordType } from "../../../domain/helm/driver.ts";
import { type KubeObject, Secret } from "../../../domain/kube/objects.ts";
import type { UpgradeOptions } from "../../../domain/run/upgrade-options.ts";
import { PreflightFailed } from "../../../errors.ts";
import { CurrentHelmDriver, CurrentMaxHistory } from "../../../services/helm/CurrentHelmDriver.ts";
import { readNamespaces, readQuotas } from "../release-facts.ts";

export const terminatingProblems = (
  namespaces: ReadonlyArray<KubeObject>,
): ReadonlyArray<PreflightProblem> =>
  namespaces.flatMap((namespace) => {
    const deletion = deletionOf(namespace);
    return deletion === undefined
      ? []
      : [{ _tag: "NamespaceGoing", namespace: namespace.metadata.name, deletion }];
  });

/**
 * For a rollback that comes before the checks of an upgrade: what would keep it from its record, or its objects from coming
 * back, is known before it writes one.
 * @param records how many Helm keeps of the release now
 */
export const requireWayBack = Effect.fn("tare.require-way-back")(function* (
  where: Pick<UpgradeOptions, "release" | "dataplaneNamespace">,
  records: number,
) {
  const [namespaces, quotas] = yield* Effect.all([readNamespaces(where), readQuotas(where)], {
    concurrency: "unbounded",
  });
  const type = recordType(yield* yield* CurrentHelmDriver) ?? Secret;
  const count = recordsToCome(records, {
    atomic: false,
    maxHistory: yield* yield* CurrentMaxHistory,
  });
  const { namespace } = where.release;
  const problems: ReadonlyArray<PreflightProblem> = [
    ...terminatingProblems(namespaces),
    ...quotaShortfalls(quotas, [{ namespace, type, count }]).map(
      (shortfall) => ({ _tag: "QuotaTooSmall", shortfall }) as const,
    ),
  ];
  if (problems.length > 0) return yield* new PreflightFailed({ problems });
});
