import { Effect, Result, Schema } from "effect";
import { InstallEvent, OPERATIONS } from "../../../src/domain/events/install-event.ts";
import {
  eventConfigMap,
  eventText,
  inOrder,
  isExpired,
  isOf,
  outboxEntry,
  settledConfigMap,
} from "../../../src/domain/events/outbox-entry.ts";
import { STALE_AFTER } from "../../../src/domain/events/reconcile.ts";
import { timeline } from "../../../src/domain/events/timeline.ts";
import { ConfigMap, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { visibleData } from "../../../src/domain/text/visible.ts";
import { historyLines } from "../../../src/render/text/history.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";
import { FakeCluster, ROLLED_BACK, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met, shown } from "../met.ts";
import { hostileText, inJson, mutated, type Path, sameType } from "../values.ts";
import type { Kind } from "./kind.ts";

const event = (dice: Dice) =>
  installEvent({
    ...ROLLED_BACK,
    subject: dice.chance(0.5)
      ? { _tag: "Run", runId: "run-1" }
      : { _tag: "Revision", revision: 1 + dice.int(3), identity: "uid" },
    operation: dice.pick(OPERATIONS),
    outcome: dice.pick([{ status: "success" }, ROLLED_BACK.outcome]),
    actor: { user: "alice", host: "laptop" },
    streams: { openAtStart: 3, cut: [], stillOpen: [], uncounted: 0 },
  });

/** What lists it. */
const isFree = (path: Path): boolean =>
  path[0] === "metadata" &&
  (path[1] === "annotations" || path[1] === "labels") &&
  path[2] !== "tars.io/component";

const drawn = (dice: Dice): KubeObject => {
  const whole = eventConfigMap(event(dice), "uid-1");
  const { data } = whole as KubeObject & { readonly data: Readonly<Record<string, string>> };
  const told = Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, inJson(text, dice)]),
  );
  const marked = dice.chance(0.4)
    ? (mutated(whole, dice, sameType(dice), isFree) as KubeObject)
    : whole;
  return {
    ...marked,
    metadata: {
      ...marked.metadata,
      ...(dice.chance(0.1) ? { name: `tare-event-${dice.int(9)}` } : {}),
    },
    data: dice.mostly<unknown>(told, [{}, null, { "event.json": hostileText(dice) }], 0.95),
  };
};

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["history"],
  ["history", "--output", "json"],
  ["doctor", "FOLDER/identity.json", "--once"],
  ["doctor", "FOLDER/identity.json", "--once", "--output", "json"],
];

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));

/** What history and doctor make of it, without a cluster. */
const read = (configMap: KubeObject): Met => {
  const entry = outboxEntry(configMap, DEFAULT_RELEASE);
  const text = eventText(configMap);
  const decoded = decode(text);
  const told = Result.isSuccess(decoded)
    ? [{ event: decoded.success, delivery: entry.delivery }]
    : [];
  const state = { release: DEFAULT_RELEASE, revisions: [], gates: new Map(), journal: undefined };
  const rows = timeline(state, told, {
    nowMillis: 0,
    staleAfter: STALE_AFTER,
    worker: { _tag: "None" },
  });
  const lines = historyLines(visibleData(rows));
  const expired = isExpired(entry, new Map(), 0, 1_000);
  const settled = settledConfigMap(configMap, { delivery: "forwarded" }, "1970-01-01T00:00:00Z");
  const facts = shown([
    entry,
    expired,
    isOf(DEFAULT_RELEASE)(settled),
    inOrder([entry, entry], new Map()),
  ]);
  return { lines: [...facts.lines, ...lines] };
};

const inTheCluster = (dice: Dice) =>
  Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    for (let number = 1 + dice.int(3); number > 0; number--) {
      yield* cluster.seed(ConfigMap, drawn(dice), "somebody");
    }
    return yield* cli(dice.pick(COMMANDS));
  }).pipe(Effect.provide(world()));

export const events: Kind = {
  name: "event ConfigMaps",
  meet: (dice) => (dice.chance(0.85) ? Effect.sync(() => read(drawn(dice))) : inTheCluster(dice)),
};
