/**
 * What the server says to every object that Helm will write, asked the way Helm will ask, before anything is written: what
 * it refuses, and which fields others own.
 */
import { Effect, Redacted, Result } from "effect";
import { isAdmissionRefusal } from "../domain/admission-refusal.ts";
import { type LiveCrd, planCrd } from "../domain/crds/plan.ts";
import { imagesBetween } from "../domain/image-references.ts";
import { getPath } from "../domain/json.ts";
import { showRef } from "../domain/kube.ts";
import { keepFlagFor } from "../domain/lost-values.ts";
import { isAskedFor, keepingValues, type ReachChange } from "../domain/reach.ts";
import { redactText } from "../domain/redaction.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import {
  FieldsOwnedByOthers,
  PreflightFailed,
  ReachWouldChange,
  UpgradeNotStarted,
} from "../errors.ts";
import type { KubectlError } from "../services/Kubectl.ts";
import { report } from "../services/Reporter.ts";
import type { InstalledRelease } from "./discover.ts";
import { planObjects, type RefusedObject } from "./plan/objects.ts";
import { chartTypes, placed, typesFrom } from "./release-checks.ts";
import type { ReleaseCheckFacts } from "./release-facts.ts";
import { unavailable } from "./unavailable.ts";

export interface ObjectChecksInput {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly facts: ReleaseCheckFacts;
  readonly liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}

/** Nothing where the chart does not render, which ends the run by itself. */
export const rehearseObjects = Effect.fn("tare.rehearse.objects")(function* ({
  installed: { release, chart, secrets },
  facts,
}: ObjectChecksInput) {
  if (Result.isFailure(facts.rendering)) return undefined;
  const rendered = Redacted.value(facts.rendering.success.release);
  const previous = yield* Effect.mapError(
    Effect.fromResult(facts.previous),
    unavailable("read the objects of the deployed revision"),
  );
  const served = yield* Effect.mapError(
    Effect.fromResult(facts.types),
    unavailable("read what the cluster serves"),
  );
  const everything = typesFrom([...served, ...chartTypes(chart.crds)]);
  const place = (objects: typeof previous) => placed(objects, everything, release.namespace);
  const [before, after] = [place(previous), place(rendered.objects)];
  const objects = yield* planObjects({
    previous: before,
    next: after,
    typeOf: typesFrom(served),
    // Unknown, the list may be too long; taken for the client's, too short.
    method: Result.getOrElse(facts.method, () => "server" as const),
    redact: (text) => redactText(text, secrets),
  });
  return { ...objects, images: imagesBetween(before, after) };
});

export type RehearsedObjects = NonNullable<Effect.Success<ReturnType<typeof rehearseObjects>>>;

/** Kinds whose schema this run writes first: what is refused now can be allowed then, and the other way round. */
const changingKinds = Effect.fnUntraced(function* ({
  installed: { chart },
  liveCrds,
}: ObjectChecksInput) {
  const live = yield* Effect.mapError(liveCrds, unavailable("read the CRDs"));
  const found = new Map(live.map((crd) => [crd.metadata.name, crd]));
  const changing = chart.crds.filter(
    (manifest) => planCrd(manifest, found.get(manifest.name)).verdict._tag !== "Skip",
  );
  return new Set(changing.map(({ name }) => name));
});

const checkRefusals = Effect.fnUntraced(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  if (objects.refused.length === 0) return;
  const changing = yield* changingKinds(input);
  const isKnown = ({ ref: { type } }: RefusedObject) =>
    !changing.has(`${type.plural}.${type.group}`);
  const refused = objects.refused.filter(isKnown);
  const say = ({ ref, detail }: RefusedObject) => `${showRef(ref)}: ${detail}`;
  // The cluster's own rules, which another chart or other values need not get around.
  const policies = refused.filter(({ detail }) => isAdmissionRefusal(detail));
  if (policies.length > 0) {
    return yield* new PreflightFailed({
      problems: policies.map((one) => ({ problem: `refused by the cluster: ${say(one)}` })),
    });
  }
  if (refused.length > 0) {
    const { release } = input.installed;
    return yield* new UpgradeNotStarted({ release, cause: refused.map(say).join("; ") });
  }
});

/** The type of Redis is not rendered into one field: a hosted one would be left for an empty one in the cluster. */
const redisChange = ({ options, installed: { stored, values } }: ObjectChecksInput) => {
  const path = ["redis", "type"];
  const [before, after] = [stored, values].map(
    (some) => getPath(Redacted.value(some), path) ?? "cluster",
  );
  const change: ReachChange = {
    kind: "Redis",
    namespace: options.release.namespace,
    name: "tars-redis",
    path: path.join("."),
    before: JSON.stringify(before),
    after: JSON.stringify(after),
    keep: before === undefined ? undefined : { path, value: before },
  };
  return before === "hosted" && after !== before ? [change] : [];
};

const checkReach = Effect.fnUntraced(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  const { options, installed } = input;
  const files = Redacted.value(options.values);
  const changes = [...objects.reach, ...redisChange(input)].filter(
    (change) => !isAskedFor(change, files),
  );
  if (changes.length === 0 || options.allowReachChange) return;
  // What the operator once supplied comes back by its path, or its flag.
  const lost = changes.map(({ keep }) => keepFlagFor(installed.lost, keep?.path));
  const known = lost.flatMap((flag) => flag ?? []);
  return yield* new ReachWouldChange({
    changes,
    keepWith:
      known.length === changes.length ? [...new Set(known)].flatMap((one) => one.split(" ")) : [],
    values: keepingValues(changes),
  });
});

/** Fails with what would stop Helm half-way, or what the operator does not want changed. */
export const checkObjects = Effect.fn("tare.check.objects")(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  yield* checkRefusals(input, objects);
  yield* checkReach(input, objects);
  const { taken } = objects;
  if (taken.length === 0) return;
  if (input.options.onConflict === "refuse") return yield* new FieldsOwnedByOthers({ taken });
  yield* report({ _tag: "FieldsTaken", taken });
});
