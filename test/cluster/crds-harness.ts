/** The CRD phase alone, with everything behind it real, and what a test wants to know about CRDs. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import * as NodePath from "@effect/platform-node/NodePath";
import { Cause, Effect, Exit, Layer, Option } from "effect";
import { parse } from "yaml";
import type { CrdCounts, CrdManifest } from "../../src/domain/crds/plan.ts";
import { crdManifest } from "../../src/domain/crds/plan.ts";
import type { OperatorEnvironment } from "../../src/domain/hints/operator-commands.ts";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import { isOperatorError, type OperatorError } from "../../src/errors.ts";
import { applyCrds, readCrds } from "../../src/phases/crds/apply-crds.ts";
import { showHints } from "../../src/render/hints/hints.ts";
import { layerCrdBackupsOnDisk } from "../../src/services/crds/CrdBackupsOnDisk.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../src/services/kube/KubectlApi.ts";
import { layerReleaseLockLease } from "../../src/services/lock/ReleaseLockLease.ts";
import { layerProcessTableLocal } from "../../src/services/processes/ProcessTableLocal.ts";
import { layerReleaseRecords } from "../../src/services/release/ReleaseRecordsInCluster.ts";
import { Reporter } from "../../src/services/report/Reporter.ts";
import { type Cluster, kubectl } from "./cluster.ts";
import type { Unstructured } from "./unstructured.ts";

const root = join(import.meta.dirname, "../..");
export const crdsFolder = process.env.TARE_TEST_CRDS || join(root, "../shared/crds");
export const olderFolder = join(crdsFolder, "eg1.7.5-gwapi1.4.1-aigw0.5.0");
export const currentFolder = join(crdsFolder, "eg1.8.3-gwapi1.5.1-aigw1.1.0");
export const safeUpgrades = join(crdsFolder, "policies/gwapi1.5.1-safe-upgrades.yaml");
const ours = join(root, "chart/charts/crds/crds/tars.tetrate.ai_tarsupgrades.yaml");

const crdOf = (file: string): KubeObject => parse(readFileSync(file, "utf8"));

export const crdsIn = (folder: string): ReadonlyArray<KubeObject> =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => crdOf(join(folder, name)));

export const manifestsOf = (crds: ReadonlyArray<KubeObject>): ReadonlyArray<CrdManifest> =>
  crds.map(crdManifest);

/** What a release build carries: the upstream files and ours. */
export const currentSet = (): ReadonlyArray<KubeObject> => [...crdsIn(currentFolder), crdOf(ours)];

export interface CrdRun {
  readonly counts: CrdCounts | undefined;
  readonly error: OperatorError | undefined;
  readonly events: ReadonlyArray<ReportEvent>;
  readonly millis: number;
  /** When the copies had been saved, in milliseconds from the start; what follows are the writes. */
  readonly backedUpAfter: number | undefined;
  /** When the last write was answered, in milliseconds from the start; what follows is the wait for discovery. */
  readonly writtenAfter: number | undefined;
}

/** The real thing, and a word when a write has been answered. */
const layerWatchedKubectl = (kubeconfig: string, onWritten: () => void): Layer.Layer<Kubectl> =>
  Layer.effect(
    Kubectl,
    Effect.map(Kubectl, (real) =>
      Kubectl.of({
        ...real,
        apply: (type, object, options) =>
          Effect.tap(real.apply(type, object, options), () =>
            Effect.sync(() => {
              if (options.dryRun !== true) onWritten();
            }),
          ),
      }),
    ),
  ).pipe(Layer.provide(layerKubectlApi({ kubeconfig, context: undefined })));

const services = (
  kubeconfig: string,
  onEvent: (event: ReportEvent) => void,
  onWritten: () => void,
) => {
  const cluster = layerWatchedKubectl(kubeconfig, onWritten);
  const files = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer);
  return Layer.mergeAll(
    cluster,
    Layer.mergeAll(layerReleaseLockLease, layerReleaseRecords).pipe(
      Layer.provide([cluster, layerProcessTableLocal]),
    ),
    layerCrdBackupsOnDisk.pipe(Layer.provide(files)),
    Layer.succeed(Reporter, Reporter.of({ report: (event) => Effect.sync(() => onEvent(event)) })),
  );
};

export const runCrds = async (
  kubeconfig: string,
  manifests: ReadonlyArray<CrdManifest>,
  onBackedUp: () => void = () => {},
): Promise<CrdRun> => {
  const events: Array<ReportEvent> = [];
  const started = performance.now();
  let backedUpAfter: number | undefined;
  let writtenAfter: number | undefined;
  const onWritten = () => {
    if (backedUpAfter !== undefined) writtenAfter = performance.now() - started;
  };
  const onEvent = (event: ReportEvent) => {
    events.push(event);
    if (event._tag !== "CrdsBackedUp") return;
    backedUpAfter = performance.now() - started;
    onBackedUp();
  };
  const exit = await Effect.runPromiseExit(
    Effect.flatMap(readCrds, (live) =>
      applyCrds.run({
        manifests,
        live: Effect.succeed(live),
        release: { name: "tars", namespace: "tars-system" },
      }),
    ).pipe(Effect.provide(services(kubeconfig, onEvent, onWritten))),
  );
  const millis = performance.now() - started;
  const known = { events, millis, backedUpAfter, writtenAfter };
  if (Exit.isSuccess(exit)) return { counts: exit.value, error: undefined, ...known };
  const error = Option.getOrUndefined(Exit.findErrorOption(exit));
  if (!isOperatorError(error)) throw new Error(Cause.pretty(exit.cause));
  return { counts: undefined, error, ...known };
};

/** The live CRDs by name. */
export const liveCrds = async (cluster: Cluster): Promise<ReadonlyMap<string, Unstructured>> => {
  const { items } = JSON.parse(
    await kubectl(cluster, ["get", "crds", "-o", "json", "--show-managed-fields"]),
  );
  return new Map(items.map((crd: Unstructured) => [crd.metadata.name, crd]));
};

/** What would give away any write: of every CRD, its generation and who wrote what when. */
export const fingerprint = (crds: ReadonlyMap<string, Unstructured>): Record<string, unknown> =>
  Object.fromEntries(
    [...crds].map(([name, { metadata, spec }]) => [
      name,
      {
        generation: metadata.generation,
        managedFields: metadata.managedFields,
        annotations: metadata.annotations,
        versions: spec.versions.length,
      },
    ]),
  );

export const operatorEnvironment = (cluster: Cluster): OperatorEnvironment => ({
  context: undefined,
  kubeconfig: cluster.kubeconfig,
  helm: cluster.helm3,
  kubectl: cluster.kubectl,
  identityFile: "identity.json",
  clusterFlags: [],
  upgradeFlags: [],
});

/** Everything an error shows to the operator. */
export const page = (cluster: Cluster, error: OperatorError | undefined): string =>
  error === undefined
    ? ""
    : [
        error.what,
        ...error.why,
        ...showHints(operatorEnvironment(cluster), error.hints).flatMap(({ title, commands }) => [
          title,
          ...commands,
        ]),
      ].join("\n");

/** A copy of a CRD with a change. */
export const changed = (crd: KubeObject, change: (crd: Unstructured) => void): KubeObject => {
  const copy = structuredClone(crd) as Unstructured;
  change(copy);
  return copy;
};

export const named = (crds: ReadonlyArray<KubeObject>, plural: string): KubeObject => {
  const found = crds.find(({ metadata }) => metadata.name.startsWith(`${plural}.`));
  if (found === undefined) throw new Error(`no CRD ${plural}`);
  return found;
};
