import { Context, Data, type Effect, type Scope } from "effect";
import type { StoredChart } from "../../domain/chart/stored-chart.ts";
import type { CrdManifest } from "../../domain/crds/plan.ts";
import type { ChartImage } from "../../domain/images/image.ts";
import type { JsonObject } from "../../domain/kube/json.ts";
import type { ChartReference } from "../../domain/run/upgrade-options.ts";

export class ChartError extends Data.TaggedError("ChartError")<{
  /** The reference as the operator gave it, or `embedded chart`. */
  readonly chart: string;
  readonly detail: string;
}> {
  override get message() {
    return `${this.chart}: ${this.detail}`;
  }
}

export interface Chart {
  /** `embedded chart`, or the reference as given. */
  readonly origin: string;
  readonly embedded: boolean;
  /** Absolute path of the chart's directory, for Helm. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly defaults: JsonObject;
  /** The CustomResourceDefinitions of the chart's and its subcharts' `crds/` folders. */
  readonly crds: ReadonlyArray<CrdManifest>;
  /** What its `images.yaml` lists; nothing for a chart without one. */
  readonly images: ReadonlyArray<ChartImage>;
  /** Locked upstream CRD files that an unpackaged checkout lacks. */
  readonly missingCrds: ReadonlyArray<string>;
}

export class ChartSource extends Context.Service<
  ChartSource,
  {
    /** Anything unpacked on the way lives as long as the scope. */
    readonly resolve: (reference: ChartReference) => Effect.Effect<Chart, ChartError, Scope.Scope>;
    /** The chart of a release, from its own record. It has no CRDs: those of the cluster stay as they are. */
    readonly rebuild: (stored: StoredChart) => Effect.Effect<Chart, ChartError, Scope.Scope>;
  }
>()("tare/services/ChartSource") {}
