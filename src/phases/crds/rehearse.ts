/** Everything that can say no, before the first write: our own rules, the live objects, and the API server. */
import { Effect, Option } from "effect";
import {
  type CrdManifest,
  confirmWithDryRun,
  type LiveCrd,
  largestFirst,
  type PlannedCrd,
  planCrd,
} from "../../domain/crds/plan.ts";
import type { CrdRefusal } from "../../domain/crds/refusal.ts";
import { serverRefusal } from "../../domain/crds/server-text.ts";
import { judgeCrd } from "../../domain/crds/verdict.ts";
import { crdView } from "../../domain/crds/view.ts";
import { CustomResourceDefinition, type KubeObject } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { ClusterUnavailable, CrdRightsMissing, CrdsRefused } from "../../errors.ts";
import { type ApplyOptions, Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import { unavailableOrForbidden } from "./failures.ts";
import { inspect } from "./inspect.ts";

/** Who may be overruled was decided before: see domain/crd-ownership. */
export const APPLY: ApplyOptions = { fieldManager: "tare", force: true, metadataOnly: true };
/** The largest CRD is over a megabyte of JSON: more at once does not make the server faster. */
export const CONCURRENCY = 8;

export interface Rehearsed {
  readonly planned: PlannedCrd;
  /** The live CRD in full, for one that will be updated. */
  readonly live: KubeObject | undefined;
  /** The generation that the real write will produce. */
  readonly generation: number;
}

interface Denied {
  readonly refusals: ReadonlyArray<CrdRefusal>;
  readonly missingRights: ReadonlyArray<string>;
}

type Outcome = { readonly rehearsed: Rehearsed } | { readonly denied: Denied };

const accepted = (rehearsed: Rehearsed): Outcome => ({ rehearsed });
const refused = (refusals: ReadonlyArray<CrdRefusal>): Outcome => ({
  denied: { refusals, missingRights: [] },
});

const deniedByServer = (
  manifest: CrdManifest,
  live: KubeObject | undefined,
  error: KubectlError,
): Effect.Effect<Outcome, ClusterUnavailable> => {
  switch (error.reason) {
    case "Forbidden":
      return Effect.succeed({ denied: { refusals: [], missingRights: [error.detail] } });
    case "Rejected":
    case "Conflict":
      return Effect.succeed(
        refused([
          serverRefusal(
            manifest.name,
            error.detail,
            live === undefined ? undefined : crdView(live),
            crdView(manifest.object),
          ),
        ]),
      );
    default:
      return Effect.fail(
        new ClusterUnavailable({ doing: "rehearse the CRDs", detail: error.message }),
      );
  }
};

const dryRun = Effect.fnUntraced(function* (planned: PlannedCrd, live: KubeObject | undefined) {
  const kubectl = yield* Kubectl;
  return yield* kubectl
    .apply(CustomResourceDefinition, planned.manifest.object, { ...APPLY, dryRun: true })
    .pipe(
      Effect.map((result) =>
        accepted({
          planned: confirmWithDryRun(planned, result),
          live,
          generation: result.metadata.generation ?? 1,
        }),
      ),
      Effect.catch((error) => deniedByServer(planned.manifest, live, error)),
    );
});

const rehearseOne = Effect.fnUntraced(function* (
  manifest: CrdManifest,
  metadata: LiveCrd | undefined,
  release: ReleaseRef | undefined,
) {
  const plan = planCrd(manifest, metadata);
  if (plan.verdict._tag === "Skip" && plan.verdict.reason === "identical") {
    return accepted({ planned: plan, live: undefined, generation: 0 });
  }
  const kubectl = yield* Kubectl;
  const found =
    metadata === undefined
      ? Option.none()
      : yield* Effect.mapError(
          kubectl.get({ type: CustomResourceDefinition, name: manifest.name }),
          unavailableOrForbidden(`read the CRD ${manifest.name}`),
        );
  if (Option.isNone(found)) return yield* dryRun(planCrd(manifest, undefined), undefined);
  const judged = judgeCrd(manifest, found.value);
  if (judged._tag === "Refused") return refused(judged.refusals);
  if (judged.planned.verdict._tag === "Skip") {
    return accepted({ planned: judged.planned, live: undefined, generation: 0 });
  }
  // The server takes seconds over the largest of them: what is asked meanwhile costs no time.
  const [refusals, rehearsed] = yield* Effect.all(
    [inspect(manifest, found.value, release), Effect.result(dryRun(judged.planned, found.value))],
    { concurrency: "unbounded" },
  );
  return refusals.length > 0 ? refused(refusals) : yield* Effect.fromResult(rehearsed);
});

/** One refusal is enough to write nothing; all of them are reported at once. */
export const rehearse = Effect.fnUntraced(function* (
  manifests: ReadonlyArray<CrdManifest>,
  live: ReadonlyArray<LiveCrd>,
  release: ReleaseRef | undefined,
) {
  const found = new Map(live.map((crd) => [crd.metadata.name, crd]));
  const outcomes = yield* Effect.forEach(
    largestFirst(manifests, (manifest) => manifest),
    (manifest) => rehearseOne(manifest, found.get(manifest.name), release),
    { concurrency: CONCURRENCY },
  );
  const denied = outcomes.flatMap((one) => ("denied" in one ? [one.denied] : []));
  const refusals = denied
    .flatMap((one) => one.refusals)
    .sort((a, b) => (a.crd < b.crd ? -1 : a.crd > b.crd ? 1 : 0));
  if (refusals.length > 0) return yield* new CrdsRefused({ refusals });
  const missing = denied.flatMap((one) => one.missingRights);
  if (missing.length > 0) {
    return yield* new CrdRightsMissing({
      missing: missing.map((detail) => ({ doing: "write the CRDs", detail })),
    });
  }
  const place = new Map(manifests.map((manifest, index) => [manifest, index]));
  const placeOf = ({ planned }: Rehearsed): number => place.get(planned.manifest) ?? 0;
  return outcomes
    .flatMap((one) => ("rehearsed" in one ? [one.rehearsed] : []))
    .sort((a, b) => placeOf(a) - placeOf(b));
});
