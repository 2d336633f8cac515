/** Lines of an uninstallation. */
import { Schema } from "effect";
import { ReleaseName, record, Texts } from "./record.ts";

const Ref = Schema.Struct({
  kind: Schema.String,
  group: Schema.String,
  namespace: Schema.optionalKey(Schema.String),
  name: Schema.String,
});
const Refs = Schema.Array(Ref);

/** Of a namespace or a CRD: whether it stays, and why. */
const Staying = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    stays: Schema.Boolean,
    why: Schema.optionalKey(Schema.String),
  }),
);

const Users = Schema.Array(Schema.Struct({ object: Ref, why: Schema.String }));

export const UninstallPlanned = record(
  "uninstall-planned",
  "What is about to be deleted, or would be (`--dry-run`), and what stays.",
  {
    release: ReleaseName,
    dataplaneNamespace: Schema.String,
    dryRun: Schema.Boolean,
    server: Schema.String,
    context: Schema.optionalKey(Schema.String),
    /** Absent where Helm has no record of the release. */
    revision: Schema.optionalKey(Schema.Int),
    version: Schema.optionalKey(Schema.String),
    customResources: Refs,
    objects: Refs,
    namespaces: Staying,
    crds: Staying,
    usedByOthers: Users,
  },
);

export const ObjectsDeleted = record("objects-deleted", "They were asked to go.", {
  what: Schema.Literals(["custom-resources", "objects", "namespaces", "crds"]),
  objects: Refs,
});

export const ReleaseGone = record("release-gone", "Helm has no record of the release any more.", {
  release: ReleaseName,
});

export const HelmUninstallStarted = record("helm-uninstall-started", "`helm uninstall` begins.", {
  release: ReleaseName,
  timeout: Schema.String,
});

export const EventsSent = record(
  "events-sent",
  "The management plane has taken the events of the release.",
  { count: Schema.Int },
);

export const FinalizersFound = record(
  "finalizers-found",
  "What finalizers hold with nobody left to remove them: they are taken away.",
  { held: Schema.Array(Schema.Struct({ object: Ref, finalizers: Texts })) },
);

export const Uninstalled = record("uninstalled", "What came of it, and what stays.", {
  release: ReleaseName,
  /** There was nothing to uninstall. */
  unchanged: Schema.Boolean,
  remains: Schema.Struct({
    namespaces: Staying,
    crds: Staying,
    usedByOthers: Users,
    events: Schema.Int,
  }),
});
