/** What a case needs beside the ports: to set the scene, and to break it. Two stages do it, a fake one and a real one. */
import { Context, type Duration, Effect, type Scope } from "effect";
import type { JsonObject } from "../../src/domain/kube/json.ts";
import type { ReleaseRef } from "../../src/domain/release/release.ts";
import type { Helm } from "../../src/services/helm/Helm.ts";
import type { Kubectl } from "../../src/services/kube/Kubectl.ts";
import type { ChartHook } from "../fakes/helm/chart.ts";

/** As its image's tag says; see docs/test-cluster.md. */
export type Behaviour = "v1" | "v2" | "never-ready" | "crash-loop" | "no-such-image";

export interface Workload {
  readonly name: string;
  readonly tag: Behaviour;
  readonly replicas?: number;
}

/** Beside its workloads, every chart has a ConfigMap `settings` that shows the merged values as sorted JSON. */
export interface ContractChart {
  readonly version: string;
  readonly defaults?: JsonObject;
  readonly workloads?: ReadonlyArray<Workload>;
  readonly configMaps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** ConfigMaps that outlive the chart that made them. */
  readonly kept?: ReadonlyArray<string>;
  readonly hooks?: ReadonlyArray<ChartHook>;
  /** Its NOTES.txt, a template without placeholders. */
  readonly notes?: string;
  /** The templates do not render, and say this. */
  readonly fails?: string;
  /** An object of a type that nobody serves. */
  readonly unknownType?: boolean;
}

/** What Helm's requests to the API server meet. */
export interface HelmFault {
  /** `patch` is any change of an object that exists, `all` every request there is. */
  readonly on: "create" | "update" | "list" | "patch" | "all";
  readonly kind?: "Secret" | "Deployment" | "ReplicaSet" | "ConfigMap";
  readonly name?: RegExp;
  readonly times?: number;
  readonly answer: "forbidden" | "unavailable";
}

export type Trouble = "forbidden" | "unauthorized" | "unavailable" | "cut" | "answer lost";

export interface StageShape {
  readonly side: "fake" | "real";
  readonly helmMajor: 3 | 4;
  /** Rolling back to a revision with an object that the newest one lacks fails in some versions. */
  readonly hasDroppedObjectBug: boolean;
  /** Exists, and is this case's own. */
  readonly namespace: string;
  /** Different for every case, for what belongs to the whole cluster. */
  readonly unique: string;
  readonly release: ReleaseRef;
  /** Where the chart then is. */
  readonly chart: (chart: ContractChart) => Effect.Effect<string>;
  /** Returns the cure. */
  readonly helmFault: (fault: HelmFault) => Effect.Effect<Effect.Effect<void>>;
  /** The cluster through a connection of its own, whose every request meets `trouble`. */
  readonly troubled: (trouble: Trouble) => Effect.Effect<Kubectl["Service"]>;
  /** SIGKILL to the Helm that runs. */
  readonly killHelm: Effect.Effect<void>;
  readonly uninstall: (keepHistory: boolean) => Effect.Effect<void>;
  /** From now on the API server refuses ConfigMaps of this namespace whose data has the key `forbidden`. */
  readonly admission: (message: string) => Effect.Effect<void>;
  /** From now on every image of a Deployment of this namespace comes from the mirror, whatever is sent. */
  readonly mirroring: Effect.Effect<void>;
  /** A wait of Helm's that is sure to fail, and is short on the real side. */
  readonly shortTimeout: Duration.Duration;
}

export class Stage extends Context.Service<Stage, StageShape>()("tare/testing/Stage") {}

export type CaseNeeds = Helm | Kubectl | Stage | Scope.Scope;

export interface ContractCase {
  readonly area: "helm" | "cluster";
  readonly name: string;
  readonly run: Effect.Effect<unknown, unknown, CaseNeeds>;
  /** Where it can only run on one side, and why. */
  readonly only?: { readonly side: "fake" | "real"; readonly why: string };
}

export const inCluster = (
  name: string,
  run: ContractCase["run"],
  only?: ContractCase["only"],
): ContractCase => ({ area: "cluster", name, run, ...(only === undefined ? {} : { only }) });

export const withHelm = (
  name: string,
  run: ContractCase["run"],
  only?: ContractCase["only"],
): ContractCase => ({ area: "helm", name, run, ...(only === undefined ? {} : { only }) });

const LOOKS = 300;

/** Looks five times a second, for a minute; returns what was seen when it held. */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  holds: (seen: A) => boolean,
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    let seen = yield* look;
    for (let looks = 0; looks < LOOKS && !holds(seen); looks++) {
      yield* Effect.sleep("200 millis");
      seen = yield* look;
    }
    return seen;
  });
