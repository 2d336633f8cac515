import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  BACKEND,
  crd,
  EMBEDDED_CRDS,
  ENVOY_PROXY,
  GATEWAY,
  INSTALLED_CRDS,
  TARS_UPGRADE,
} from "../../fakes/index.ts";
import type { StartingWorld } from "../story.ts";

/** The CRDs on the cluster; against those of the embedded chart the name says how they stand. */
export const SEEDED_CRDS: Readonly<Record<StartingWorld["crds"], ReadonlyArray<KubeObject>>> = {
  older: INSTALLED_CRDS,
  identical: EMBEDDED_CRDS,
  "partly-absent": INSTALLED_CRDS.slice(0, 2),
  "newer-bundle": [crd({ ...GATEWAY, bundle: "v9.0.0" }), crd(ENVOY_PROXY), crd(BACKEND)],
  "hand-edited": [crd(GATEWAY), crd({ ...ENVOY_PROXY, schema: "by hand" }), crd(BACKEND)],
  "stored-version-would-go": [
    crd(GATEWAY),
    crd({ ...ENVOY_PROXY, versions: ["v1alpha1", "v1alpha2"] }),
    crd(BACKEND),
  ],
  "scope-would-change": [...INSTALLED_CRDS, crd({ ...TARS_UPGRADE, scope: "Cluster" })],
};
