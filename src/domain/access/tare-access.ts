/** The rights that tare itself needs, beside those of the Helm it runs. */

import { IDENTITY_SECRET } from "../identity/identity-secret.ts";
import {
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  EnvoyProxy,
  Gateway,
  Lease,
  Secret,
} from "../kube/objects.ts";
import { CRDS_LOCK } from "../lock/lease.ts";
import type { ReleaseRef } from "../release/release.ts";
import { type Access, accessTo } from "./access.ts";

interface TareRun {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  /** Names of the CRDs that this run writes. */
  readonly crds: {
    readonly created: ReadonlyArray<string>;
    readonly updated: ReadonlyArray<string>;
  };
}

const LOCK_VERBS = ["get", "create", "update"];
const WATCH_VERBS = ["list", "watch"];
const APPLY_VERBS = ["get", "create", "patch"];

const crdAccess = ({ crds: { created, updated } }: TareRun): ReadonlyArray<Access> => {
  const writes = [...created, ...updated];
  return [
    ...accessTo(CustomResourceDefinition, ["list"]),
    ...writes.flatMap((name) =>
      accessTo(CustomResourceDefinition, ["get", "patch"], undefined, name),
    ),
    ...(created.length === 0 ? [] : accessTo(CustomResourceDefinition, ["create"])),
    ...(writes.length === 0 ? [] : accessTo(Lease, LOCK_VERBS, CRDS_LOCK.namespace)),
  ];
};

export const tareAccess = (run: TareRun): ReadonlyArray<Access> => {
  const { release, dataplaneNamespace } = run;
  return [
    ...accessTo(Lease, LOCK_VERBS, release.namespace),
    // The gate's record and the event.
    ...accessTo(ConfigMap, APPLY_VERBS, release.namespace),
    ...accessTo(Secret, APPLY_VERBS, release.namespace, IDENTITY_SECRET),
    ...[...new Set([release.namespace, dataplaneNamespace])].flatMap((namespace) =>
      accessTo(Deployment, WATCH_VERBS, namespace),
    ),
    ...accessTo(EnvoyProxy, WATCH_VERBS, release.namespace),
    ...accessTo(Gateway, WATCH_VERBS, dataplaneNamespace),
    ...crdAccess(run),
  ];
};
