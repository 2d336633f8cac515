import type { TypeOf } from "../../../domain/access/helm-access.ts";
import type { CrdManifest } from "../../../domain/crds/plan.ts";
import { crdView, customType, servedVersions } from "../../../domain/crds/view.ts";
import { apiVersionOf, type KubeObject, type ResourceType } from "../../../domain/kube/objects.ts";
import { inNamespace } from "../../../domain/release/rendered-release.ts";

/** Finds the type of an object among those that the server serves. */
export const typesFrom =
  (served: ReadonlyArray<ResourceType>): TypeOf =>
  ({ apiVersion, kind }) =>
    served.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);

/** The types that will be served once the chart's CRDs are there. */
export const chartTypes = (crds: ReadonlyArray<CrdManifest>): ReadonlyArray<ResourceType> =>
  crds.flatMap(({ object }) => {
    const view = crdView(object);
    return servedVersions(view).map((version) => customType(view, version));
  });

/** Helm puts what names no namespace into the release's own. */
export const placed = (
  objects: ReadonlyArray<KubeObject>,
  typeOf: TypeOf,
  namespace: string,
): ReadonlyArray<KubeObject> =>
  objects.map((object) => inNamespace(object, typeOf(object)?.namespaced ?? true, namespace));
