/** Lines of an installation. */
import { Schema } from "effect";
import { ReleaseName, record } from "./record.ts";

export const InstallationPrepared = record(
  "installation-prepared",
  "What is about to be installed, and where; empty texts where nothing is set.",
  {
    release: ReleaseName,
    dataplaneNamespace: Schema.String,
    server: Schema.String,
    context: Schema.optionalKey(Schema.String),
    chart: Schema.String,
    version: Schema.String,
    registry: Schema.String,
    customer: Schema.String,
    environment: Schema.String,
    deploymentMode: Schema.String,
    serveUrl: Schema.String,
    pullSecret: Schema.String,
    ha: Schema.Boolean,
    /** The revision that runs; absent for a first installation. */
    changesRevision: Schema.optionalKey(Schema.Int),
  },
);

export const NothingToDo = record("nothing-to-do", "The release is as it was asked to be.", {
  release: ReleaseName,
  revision: Schema.Int,
  version: Schema.String,
});

export const NamespacePrepared = record(
  "namespace-prepared",
  "A namespace was made, or given a level of Pod Security.",
  { namespace: Schema.String, isNew: Schema.Boolean },
);

export const SecretWritten = record("secret-written", "A Secret was written; never its content.", {
  namespace: Schema.String,
  name: Schema.String,
});

export const ServeUrlRegistered = record(
  "serve-url-registered",
  "The management plane knows by now where clients reach the data plane.",
  { serveUrl: Schema.String },
);

export const ReadyForHelm = record(
  "ready-for-helm",
  "For a team that runs Helm itself; the commands are the hints of the summary.",
  {
    /** Absent where no values were asked for. */
    valuesFile: Schema.optionalKey(Schema.String),
  },
);

export const RemovalStarted = record(
  "removal-started",
  "What there is of a release that never worked is taken away.",
  { release: ReleaseName, why: Schema.String },
);
