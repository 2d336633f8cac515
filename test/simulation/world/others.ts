/** What others have on the cluster beside the release, and what their policies make of it. */
import { Effect } from "effect";
import {
  type Beside,
  FakeCluster,
  FOREIGN,
  GATEWAY_CLASS_CRD,
  LEFT_OVER,
  MIRROR,
  mirrored,
  ON_EACH_NODE,
  OUR_CLASS,
  type Scenario,
  UNSERVED,
} from "../../fakes/index.ts";
import type { Dice } from "../dice.ts";
import type { StartingWorld, Story } from "../story.ts";
import { SEEDED_CRDS } from "./crds.ts";

const BESIDE: Readonly<Record<string, ReadonlyArray<Beside>>> = {
  foreign: FOREIGN,
  unserved: UNSERVED,
  "on-each-node": ON_EACH_NODE,
  "left-over": LEFT_OVER,
};
/** From the beginning, or since just before the run: then nothing that runs has been rewritten yet. */
const REWRITING = "rewriting";
const REWRITING_SINCE_TODAY = "rewriting-since-today";

export const drawOthers = (dice: Dice): Readonly<Record<string, boolean>> => {
  if (dice.chance(0.6)) return {};
  const there = [...Object.keys(BESIDE), REWRITING, REWRITING_SINCE_TODAY].filter(() =>
    dice.chance(0.4),
  );
  return Object.fromEntries(there.map((name) => [name, true]));
};

/** As its chart has it. */
export const unrewritten = (text: string): string => text.replaceAll(MIRROR, "");

export const besideOf = (world: StartingWorld): Pick<Scenario, "beside" | "crds" | "rewrite"> => {
  const crds = SEEDED_CRDS[world.crds];
  const beside = Object.entries(BESIDE).flatMap(([name, objects]) =>
    world.others?.[name] === true ? objects : [],
  );
  return {
    ...(beside.length === 0
      ? { crds }
      : { crds: [...crds, GATEWAY_CLASS_CRD], beside: [OUR_CLASS, ...beside] }),
    ...(world.others?.[REWRITING] === true ? { rewrite: mirrored } : {}),
  };
};

export const introducePolicies = Effect.fnUntraced(function* ({ world }: Story) {
  if (world.others?.[REWRITING_SINCE_TODAY] !== true) return;
  const cluster = yield* FakeCluster;
  yield* cluster.rewrite(mirrored);
});
