/** The lines about what would change, and what others changed. */
import { Schema } from "effect";
import { record, Texts } from "./record.ts";

/** As it is, secrets masked; absent where there is nothing. */
const value = Schema.optionalKey(Schema.Json);
const image = Schema.optionalKey(Schema.String);

const TakenObjects = Schema.Array(
  Schema.Struct({
    kind: Schema.String,
    namespace: Schema.optionalKey(Schema.String),
    name: Schema.String,
    fields: Schema.Array(
      Schema.Struct({
        path: Schema.String,
        /** Absent for what was removed. */
        owner: Schema.optionalKey(Schema.String),
        before: value,
        after: value,
        returns: Schema.Boolean,
      }),
    ),
  }),
);

export const FieldsTaken = record(
  "fields-taken",
  "Fields that others set or removed on the cluster, and the upgrade changes; secrets are masked.",
  { objects: TakenObjects },
);

export const Planned = record("plan", "What a run would do (--plan); secrets are masked.", {
  hasChanges: Schema.Boolean,
  /** Nothing is installed yet; both versions are that of the chart then. */
  isFirst: Schema.Boolean,
  fromVersion: Schema.String,
  toVersion: Schema.String,
  values: Schema.Array(
    Schema.Struct({
      path: Schema.String,
      fate: Schema.Literals(["kept", "overridden", "new default", "lost"]),
      before: value,
      after: value,
      keepWith: Schema.optionalKey(Schema.String),
    }),
  ),
  crds: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      verdict: Schema.Literals(["create", "update", "unchanged", "kept"]),
      why: Schema.optionalKey(Schema.String),
    }),
  ),
  objects: Schema.Array(
    Schema.Struct({
      action: Schema.Literals(["create", "change", "delete", "refused"]),
      kind: Schema.String,
      namespace: Schema.optionalKey(Schema.String),
      name: Schema.String,
      why: Schema.optionalKey(Schema.String),
      fields: Schema.Array(Schema.Struct({ path: Schema.String, before: value, after: value })),
    }),
  ),
  taken: TakenObjects,
  hooks: Texts,
  images: Schema.Array(Schema.Struct({ before: image, after: image, usedBy: Texts })),
  rolls: Schema.Array(
    Schema.Struct({
      workload: Schema.String,
      namespace: Schema.optionalKey(Schema.String),
      pods: Schema.optionalKey(Schema.Int),
      why: Schema.String,
    }),
  ),
  identityChanges: Schema.Boolean,
  budget: Schema.Struct({
    timeout: Schema.String,
    drain: Schema.String,
    replicas: Schema.Int,
  }),
  limits: Texts,
});
