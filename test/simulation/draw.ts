/** What a seed means. Healthy things are the likely ones: most stories should get far before anything happens to them. */
import { type Dice, makeDice } from "./dice.ts";
import { drawFaults, drawQuotas } from "./faults/draw.ts";
import {
  CRD_STATES,
  DRAINS_SECONDS,
  HELMS,
  PLAIN_OPTIONS,
  POD_TAGS,
  SETTLES_SECONDS,
  STREAMS_SECONDS,
  type StartingWorld,
  type Story,
  type StoryOptions,
  TIMEOUTS_SECONDS,
} from "./story.ts";
import { drawHandEdits } from "./world/hand-edits.ts";
import { HISTORIES } from "./world/histories.ts";
import { drawHostile } from "./world/hostile.ts";
import { OBSTACLES } from "./world/obstacles.ts";
import { drawOthers } from "./world/others.ts";
import { CARRIED, drawValues, SECRETS } from "./world/values.ts";

const FLAG_VALUES: Readonly<Record<string, string | boolean>> = {
  "image-registry": "new.example/tars",
  customer: "flagged",
  environment: "",
  "deployment-mode": "saas",
  "serve-url": "https://flag.example",
  "enable-otel-collector": false,
  "otel-collector-endpoint": "flag.example:4317",
  "otel-exporter-auth-headers": SECRETS.header,
};

/** Shorter than most runs ask for: the proxies have to be held. */
const SHORT_DRAIN = { "shutdown.drainTimeout": "60s" };

const drawWorld = (dice: Dice): StartingWorld => ({
  helm: dice.pick(HELMS),
  kubernetes: dice.mostly("v1.35.2", ["v1.31.0"], 0.9),
  history: dice.mostly("upgraded", HISTORIES),
  values: drawValues(dice),
  crds: dice.mostly("older", CRD_STATES),
  metrics: dice.mostly("available", ["absent", "unavailable"], 0.9),
  embeddedVersion: dice.mostly("1.2.0", ["1.1.0"], 0.9),
  workloads: dice.mostly("good", POD_TAGS, 0.75),
  envoy: dice.mostly("good", POD_TAGS, 0.65),
  streamSeconds: dice.pick(STREAMS_SECONDS),
});

const drawFlags = (dice: Dice): StoryOptions["flags"] => {
  const flags: Record<string, string | boolean> = {};
  for (const [, flag] of CARRIED) {
    const value = flag === undefined ? undefined : FLAG_VALUES[flag];
    if (flag !== undefined && value !== undefined && dice.chance(0.15)) flags[flag] = value;
  }
  return flags;
};

const drawOptions = (dice: Dice): StoryOptions => ({
  ...PLAIN_OPTIONS,
  atomic: dice.chance(0.85),
  allowDowntime: dice.chance(0.1),
  ha: dice.chance(0.95),
  skipPreflight: dice.chance(0.1),
  strictValues: dice.chance(0.05),
  timeoutSeconds: dice.mostly(60, TIMEOUTS_SECONDS),
  drainSeconds: dice.mostly(300, DRAINS_SECONDS),
  settleSeconds: dice.mostly(15, SETTLES_SECONDS),
  dataplaneNamespace: dice.mostly("tars-dataplane", ["elsewhere"], 0.97),
  flags: dice.chance(0.4) ? drawFlags(dice) : {},
  identity: dice.chance(0.2) ? { customer: "of-the-identity", environment: "lab" } : {},
});

/** Part of the seed is what happens, part is what it happens to. */
export const drawStory = (seed: number): Story => {
  const dice = makeDice(seed);
  const world = drawWorld(dice);
  const story = {
    seed,
    options: drawOptions(dice),
    faults: drawFaults(dice),
    impatient: dice.chance(0.3),
  };
  // Drawn last: what a seed meant before is what it means still.
  const byServer = world.helm.startsWith("v4") && dice.chance(0.6);
  const edits = drawHandEdits(dice);
  const rateLimiter = dice.mostly("good", POD_TAGS, 0.9);
  const replacesListeners = dice.chance(0.3);
  const values = dice.chance(0.15) ? { ...world.values, ...SHORT_DRAIN } : world.values;
  const [restored, configMaps] = [dice.chance(0.1), dice.chance(0.1)];
  const hook = dice.mostly("good", POD_TAGS, 0.9);
  const others = drawOthers(dice);
  const inTheWay = dice.mostly("none", OBSTACLES, 0.85);
  const quotas = drawQuotas(dice);
  const hostile = drawHostile(dice);
  return {
    ...story,
    faults: [...story.faults, ...quotas],
    world: {
      ...world,
      byServer,
      edits,
      rateLimiter,
      replacesListeners,
      values,
      restored,
      configMaps,
      hook,
      others,
      inTheWay,
      hostile,
    },
  };
};
