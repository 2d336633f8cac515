/** The chart that a release runs, from its own record. */
import { Effect, Redacted } from "effect";
import { objectKey } from "../../domain/access/helm-access.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import { canonicalJson, type Json, type JsonObject } from "../../domain/kube/json.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { Revision } from "../../domain/release/release.ts";
import { ChartNotRebuilt, ChartUnusable } from "../../errors.ts";
import { ChartSource } from "../../services/chart/ChartSource.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { unavailable } from "../kube/unavailable.ts";

const texts = (objects: ReadonlyArray<KubeObject>): ReadonlyMap<string, string> =>
  new Map(objects.map((object) => [objectKey(object), canonicalJson(object as unknown as Json)]));

const areSame = (left: ReadonlyArray<KubeObject>, right: ReadonlyArray<KubeObject>): boolean => {
  const [one, other] = [texts(left), texts(right)];
  return one.size === other.size && [...one].every(([key, text]) => other.get(key) === text);
};

/** It must make of the stored values what it made of them then: a chart that it depends on is not kept. */
export const rebuildOwnChart = Effect.fn("tare.rebuild-own-chart")(function* (
  { release }: Pick<InstallOptions, "release">,
  { revision, chart: name }: Revision,
  stored: JsonObject,
) {
  const [records, charts, helm] = yield* Effect.all([ReleaseRecords, ChartSource, Helm]);
  const kept = yield* Effect.mapError(
    records.chart(release, revision),
    unavailable("read the chart of the release"),
  );
  if (kept === undefined) {
    return yield* new ChartNotRebuilt({ release, chart: name, differs: false });
  }
  const chart = yield* Effect.mapError(
    charts.rebuild(kept),
    ({ chart: which, detail }) => new ChartUnusable({ chart: which, cause: detail }),
  );
  const values = Redacted.make(stored, { label: "values" });
  const request = { release, chart: chart.directory, values };
  const [rendered, applied] = yield* Effect.all(
    [
      Effect.option(helm.render(request, "server")),
      Effect.mapError(
        helm.manifest(release, revision),
        unavailable("read the objects of the deployed revision"),
      ),
    ],
    { concurrency: "unbounded" },
  );
  const isSame =
    rendered._tag === "Some" && areSame(Redacted.value(rendered.value).objects, applied);
  return isSame ? chart : yield* new ChartNotRebuilt({ release, chart: name, differs: true });
});
