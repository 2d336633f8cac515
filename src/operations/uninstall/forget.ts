/** The last of tare's own records: what the run itself needed until its end. */
import { Effect, Option } from "effect";
import { ConfigMap, Lease, Namespace, type ObjectRef } from "../../domain/kube/objects.ts";
import { CRDS_LOCK, leaseName } from "../../domain/lock/lease.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { journalName } from "../../domain/run/run-journal.ts";
import { leasesOf } from "../../domain/uninstall/ownership.ts";
import { patiently } from "../../phases/uninstall/delete.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";

/** @param others releases that lock the same CRDs */
export const forget = Effect.fnUntraced(function* (
  { name, namespace }: ReleaseRef,
  others: ReadonlyArray<ReleaseRef>,
) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.option(kubectl.get({ type: Namespace, name: namespace }));
  const isThere = Option.isNone(found) || Option.isSome(found.value);
  const release = { name, namespace };
  const own: ReadonlyArray<ObjectRef> = [
    { type: ConfigMap, name: journalName(release), namespace },
    ...leasesOf(release).map((lease) => ({ type: Lease, name: lease, namespace })),
  ];
  const shared: ObjectRef = {
    type: Lease,
    name: leaseName(CRDS_LOCK),
    namespace: CRDS_LOCK.namespace,
  };
  yield* Effect.forEach(
    [...(isThere ? own : []), ...(others.length === 0 ? [shared] : [])],
    (ref) => patiently(kubectl.delete(ref)),
    { discard: true },
  ).pipe(Effect.catch(({ message }) => warn({ code: "records-left", cause: message })));
});
