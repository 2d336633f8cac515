/** Whether this account is allowed to do everything that the upgrade, and a rollback of it, will do. */

import { Effect, Result } from "effect";
import {
  type Access,
  type AccessQuestion,
  accessQuestions,
  missingRights,
} from "../../../domain/access/access.ts";
import { type HelmChange, helmAccess } from "../../../domain/access/helm-access.ts";
import { tareAccess } from "../../../domain/access/tare-access.ts";
import { type CrdManifest, type LiveCrd, planCrd } from "../../../domain/crds/plan.ts";
import type { HelmDriver } from "../../../domain/helm/driver.ts";
import type { KubeObject, ResourceType } from "../../../domain/kube/objects.ts";
import type { RenderedRelease } from "../../../domain/release/rendered-release.ts";
import { CurrentHelmDriver } from "../../../services/helm/CurrentHelmDriver.ts";
import { Kubectl } from "../../../services/kube/Kubectl.ts";
import { type Finding, problemOf } from "../check.ts";
import type { ReleaseChecksInput } from "../release-facts.ts";
import { chartTypes, placed, typesFrom } from "./object-types.ts";

const ACCESS_REVIEWS_AT_ONCE = 16;

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
  if (yield* kubectl.canI(general)) return [];
  if (named.length === 0) return [general];
  const answers = yield* Effect.forEach(named, (access) =>
    Effect.map(kubectl.canI(access), (allowed) => (allowed ? [] : [access])),
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

/** Where the questions cannot be asked, the run goes on with a warning. */
export const findMissingPermissions = Effect.fnUntraced(function* (
  input: ReleaseChecksInput,
  rendered: RenderedRelease,
) {
  const { isClusterAdmin, previous, types } = input.facts;
  if (Result.isSuccess(isClusterAdmin) && isClusterAdmin.success) return {};
  return yield* Effect.gen(function* () {
    yield* Effect.fromResult(isClusterAdmin);
    const [before, served] = [yield* Effect.fromResult(previous), yield* Effect.fromResult(types)];
    const storage = STORAGE[(yield* yield* CurrentHelmDriver)._tag];
    const needed = neededAccess(input, yield* input.liveCrds, rendered, before, served, storage);
    const rights = missingRights(yield* deniedAccess(needed));
    return rights.length === 0 ? {} : problemOf({ _tag: "PermissionsMissing", rights });
  }).pipe(
    Effect.catch(({ message }) =>
      Effect.succeed<Finding>({ warnings: [{ code: "permissions-unchecked", cause: message }] }),
    ),
  );
});
