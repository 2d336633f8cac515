import { Context, Effect, Layer } from "effect";
import type { ChartReference } from "../../src/domain/run/upgrade-options.ts";
import { type Chart, ChartError, ChartSource } from "../../src/services/chart/ChartSource.ts";
import type { FakeChart } from "./helm/chart.ts";

export const EMBEDDED_CHART = "/embedded/chart";

/** The charts that exist, by directory or URL. */
export class FakeCharts extends Context.Service<
  FakeCharts,
  {
    readonly at: (place: string) => FakeChart | undefined;
    readonly put: (place: string, chart: FakeChart) => Effect.Effect<void>;
  }
>()("tare/testing/FakeCharts") {
  static readonly layer = (charts: Readonly<Record<string, FakeChart>>): Layer.Layer<FakeCharts> =>
    Layer.sync(FakeCharts, () => {
      const places = new Map(Object.entries(charts));
      return FakeCharts.of({
        at: (place) => places.get(place),
        put: (place, chart) => Effect.sync(() => places.set(place, chart)),
      });
    });
}

/** Where a chart is that was rebuilt from a release's record. */
export const storedPlace = ({ name, version }: Pick<FakeChart, "name" | "version">): string =>
  `/stored/${name}-${version}`;

const placeOf = (reference: ChartReference): string => {
  switch (reference._tag) {
    case "Embedded":
      return EMBEDDED_CHART;
    case "Local":
      return reference.path;
    case "Remote":
      return reference.url;
  }
};

export const layerFakeChartSource: Layer.Layer<ChartSource, never, FakeCharts> = Layer.effect(
  ChartSource,
  Effect.map(FakeCharts, (charts) =>
    ChartSource.of({
      rebuild: ({ name, version }) => {
        const directory = storedPlace({ name, version });
        const origin = `${version}, from the release's own record`;
        const found = charts.at(directory);
        return found === undefined
          ? Effect.fail(new ChartError({ chart: origin, detail: "it cannot be rebuilt" }))
          : Effect.succeed({
              ...{ name, version, origin, directory, defaults: found.defaults },
              ...{ embedded: false, crds: [], missingCrds: [], images: found.images ?? [] },
            });
      },
      resolve: (reference) => {
        const place = placeOf(reference);
        const embedded = reference._tag === "Embedded";
        const origin = embedded ? "embedded chart" : place;
        const found = charts.at(place);
        if (found === undefined) {
          return Effect.fail(
            new ChartError({ chart: origin, detail: `path "${place}" not found` }),
          );
        }
        const { name, version, defaults, crds, images = [] } = found;
        const chart: Chart = {
          ...{ name, version, defaults, crds, images, origin, embedded },
          directory: place,
          missingCrds: [],
        };
        return Effect.succeed(chart);
      },
    }),
  ),
);
