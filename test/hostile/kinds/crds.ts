import { Effect, Result } from "effect";
import { stringify } from "yaml";
import { narrowedVersions } from "../../../src/domain/crds/narrowing.ts";
import { platformOf, unknownOwners } from "../../../src/domain/crds/ownership.ts";
import { withinBudget } from "../../../src/domain/crds/patterns.ts";
import { crdManifest, isSameAsLive, newerBundle, planCrd } from "../../../src/domain/crds/plan.ts";
import { crdView } from "../../../src/domain/crds/view.ts";
import { withdrawnVersions } from "../../../src/domain/crds/withdrawal.ts";
import { CustomResourceDefinition, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { visible } from "../../../src/domain/text/visible.ts";
import { parseCrdFile } from "../../../src/services/chart/chart-crds.ts";
import { EMBEDDED_CRDS, FakeCluster, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met, shown } from "../met.ts";
import { anything, hostileText, mutated, type Path, sameType, tornText } from "../values.ts";
import type { Kind } from "./kind.ts";

/** A schema with one of everything that is compared. */
const SCHEMA = {
  type: "object",
  description: "a thing",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        count: { type: "integer", minimum: 1, maximum: 10, nullable: true },
        name: { type: "string", pattern: "^[a-z]+$", maxLength: 63, enum: ["a", "b"] },
        list: { type: "array", items: { type: "string" }, maxItems: 3 },
        any: { "x-kubernetes-preserve-unknown-fields": true },
        map: { type: "object", additionalProperties: { anyOf: [{ type: "integer" }] } },
      },
    },
  },
};

const whole = (dice: Dice): KubeObject => {
  const chosen = dice.pick(EMBEDDED_CRDS);
  const spec = chosen.spec as { readonly versions: ReadonlyArray<object> };
  return {
    ...chosen,
    metadata: {
      ...chosen.metadata,
      annotations: { ...chosen.metadata.annotations, "tars.io/other": "x" },
      labels: { a: "b" },
      managedFields: [
        { manager: "helm", operation: "Update", fieldsV1: { "f:spec": { "f:group": {} } } },
      ],
    },
    spec: {
      ...spec,
      versions: spec.versions.map((one) => ({ ...one, schema: { openAPIV3Schema: SCHEMA } })),
    },
    status: { storedVersions: ["v1"], conditions: [{ type: "Established", status: "True" }] },
  };
};

/** A chart's own file. */
const file = (dice: Dice): string => {
  const objects = Array.from({ length: 1 + dice.int(3) }, () =>
    dice.chance(0.7) ? mutated(whole(dice), dice) : whole(dice),
  );
  const text = objects
    .map((one) => (dice.chance(0.5) ? stringify(one) : `${JSON.stringify(one)}\n`))
    .join("---\n");
  return dice.chance(0.4) ? tornText(text, dice) : text;
};

/** Everything that is decided of a pair. */
const compared = (live: KubeObject, next: KubeObject): Met => {
  const manifest = crdManifest(next);
  const [before, after] = [crdView(live), crdView(next)];
  const planned = planCrd(manifest, live);
  return shown([
    planned.verdict,
    newerBundle(manifest, live),
    isSameAsLive(manifest, live),
    unknownOwners(manifest, live),
    platformOf(live.metadata),
    narrowedVersions(before, after, withinBudget()),
    withdrawnVersions(before, after),
  ]);
};

const fromFile = (dice: Dice): Met => {
  const read = parseCrdFile(file(dice));
  if (Result.isFailure(read)) return { lines: [visible(read.failure)] };
  return { lines: read.success.flatMap(({ object }) => compared(whole(dice), object).lines) };
};

/** A server checks names, groups and versions, and what is in any object's metadata. */
const isOpen = (path: Path): boolean =>
  path[0] === "status" || (path[0] === "spec" && path.includes("openAPIV3Schema"));
const isNamed = ([first, second]: Path): boolean =>
  first === "metadata" && ["annotations", "labels", "managedFields"].includes(String(second));

const drawn = (dice: Dice): KubeObject =>
  (dice.chance(0.7)
    ? mutated(whole(dice), dice, anything(dice, [50, 120]), isOpen)
    : mutated(whole(dice), dice, sameType(dice), isNamed)) as KubeObject;

const inTheCluster = (dice: Dice) =>
  Effect.gen(function* () {
    const object = drawn(dice);
    const annotations = dice.chance(0.3)
      ? { ...object.metadata.annotations, [hostileText(dice)]: hostileText(dice) }
      : object.metadata.annotations;
    const next = {
      ...object,
      metadata: { ...object.metadata, ...(annotations && { annotations }) },
    };
    yield* (yield* FakeCluster).seed(
      CustomResourceDefinition,
      next,
      dice.pick(["helm", "eve\u001b[2J"]),
    );
    return yield* cli(["upgrade", "FOLDER/identity.json", "--plan"]);
  }).pipe(Effect.provide(world()));

export const crds: Kind = {
  name: "CRDs",
  meet: (dice) =>
    Effect.suspend((): Effect.Effect<Met, never, never> => {
      const kind = dice.int(100);
      if (kind < 5) return inTheCluster(dice);
      if (kind < 55) return Effect.sync(() => fromFile(dice));
      return Effect.sync(() => compared(drawn(dice), whole(dice)));
    }),
};
