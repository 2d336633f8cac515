import { Effect } from "effect";
import { type KubeObject, refOf } from "../../../src/domain/kube/objects.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import { chartTypeOf } from "./objects.ts";
import { deleteRecord, manifestObjects, withStatus } from "./records.ts";
import { failWith, type HelmRuntime, putRecord, recordsOf } from "./runtime.ts";

const isKept = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/resource-policy"] === "keep";

/** `helm uninstall`: the objects of the newest revision go, but those to be kept, and the history unless it is kept. */
export const uninstall = Effect.fnUntraced(function* (
  runtime: HelmRuntime,
  release: ReleaseRef,
  { keepHistory }: { readonly keepHistory: boolean },
) {
  const records = yield* recordsOf(runtime, release);
  const last = records.at(-1);
  if (last === undefined) {
    return yield* failWith(`uninstall: Release not loaded: ${release.name}: release: not found`);
  }
  const underway = "Deletion in progress (or silently failed)";
  yield* Effect.ignore(putRecord(runtime, withStatus(last, "uninstalling", underway)));
  const going = manifestObjects(last).filter((object) => !isKept(object));
  for (const object of going.toReversed()) {
    yield* Effect.ignore(runtime.api.delete(refOf(chartTypeOf(object), object)));
  }
  if (!keepHistory) {
    yield* Effect.forEach(records, (record) => Effect.ignore(deleteRecord(runtime.api, record)), {
      discard: true,
    });
    return;
  }
  for (const record of records) {
    if (record !== last && record.info.status === "deployed") {
      yield* Effect.ignore(putRecord(runtime, withStatus(record, "superseded")));
    }
  }
  yield* putRecord(runtime, withStatus(last, "uninstalled", "Uninstallation complete"));
});
