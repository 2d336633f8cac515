/** Any object of the cluster can say anything: a run ends in bounded time, by a code of its own, with nothing raw shown. */
import { assert, describe, it } from "@effect/vitest";
import { Clock, Effect } from "effect";
import {
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  EnvoyProxy,
  Event,
  Gateway,
  GatewayClass,
  Lease,
  Pod,
  type ResourceType,
  Secret,
} from "../../src/domain/kube/objects.ts";
import { heldLease } from "../../src/domain/lock/lease.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { EventOutbox } from "../../src/services/events/EventOutbox.ts";
import { RunJournal } from "../../src/services/run/RunJournal.ts";
import { installEvent } from "../../src/words/events/install-event.ts";
import {
  FakeCluster,
  FakeManagementPlane,
  NOTED_RUN,
  processElsewhere,
  ROLLED_BACK,
  runAs,
  tarsChart,
  world,
} from "../fakes/index.ts";
import { type Dice, makeDice } from "../simulation/dice.ts";
import { cli, isOfTheFakes, objectionTo } from "./met.ts";
import { tampered } from "./tamper.ts";
import { drawnText } from "./text.ts";

const RUNS = Number(process.env.TARE_FUZZ ?? 24);
const FIRST = Number(process.env.TARE_FUZZ_FIRST ?? 1);

const TYPES: ReadonlyArray<ResourceType> = [
  Secret,
  Secret,
  ConfigMap,
  ConfigMap,
  Lease,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  Pod,
  Event,
  Deployment,
  CustomResourceDefinition,
];

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["history"],
  ["doctor", "FOLDER/identity.json", "--once"],
  ["upgrade", "FOLDER/identity.json", "--plan"],
  ["upgrade", "FOLDER/identity.json"],
  ["upgrade", "FOLDER/identity.json", "--recover", "--lock-timeout", "10s"],
];

const CHARTS = [
  tarsChart({ version: "1.2.0" }),
  tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }),
];

/** A lease, a journal and an event, which a quiet cluster has not. */
const left = Effect.gen(function* () {
  const [cluster, journals, outbox] = yield* Effect.all([FakeCluster, RunJournal, EventOutbox]);
  const holder = processElsewhere("ci-7");
  yield* cluster.seed(Lease, heldLease(DEFAULT_RELEASE, holder, 0, 0), "tare");
  yield* journals.open(NOTED_RUN).pipe(runAs(holder));
  yield* outbox.write(installEvent(ROLLED_BACK));
});

const tamper = Effect.fnUntraced(function* (dice: Dice) {
  const cluster = yield* FakeCluster;
  const type = dice.pick(TYPES);
  const objects = yield* cluster.all(type);
  if (objects.length === 0) return;
  const next = tampered(dice.pick(objects), dice);
  yield* cluster.seed(type, next, "somebody");
});

/** Now and then the server's answer is an error in somebody's own words. */
const talkingServer = Effect.fnUntraced(function* (dice: Dice) {
  const cluster = yield* FakeCluster;
  yield* cluster.oversee(({ actor, kind }) =>
    actor === "tare" && dice.chance(0.002)
      ? {
          _tag: "Fail",
          reason: dice.pick(["ServerError", "Rejected", "Forbidden", "Unreachable"]),
          detail: `${kind}: ${drawnText(dice)}`,
          afterwards: false,
        }
      : undefined,
  );
});

const run = Effect.fnUntraced(function* (dice: Dice) {
  yield* left;
  yield* talkingServer(dice);
  for (let times = 1 + dice.int(3); times > 0; times--) yield* tamper(dice);
  const plane = yield* FakeManagementPlane;
  const answer = { status: dice.pick([202, 400, 422, 429, 503]), detail: drawnText(dice) };
  yield* plane.behave(() => ({ _tag: "Answer", ...answer }));
  const command = dice.pick(COMMANDS);
  const json = dice.chance(0.25) ? ["--output", "json"] : [];
  return { command, met: yield* cli([...command, ...json]) };
});

describe("a cluster in which anybody wrote anything", () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    it.effect(`is told of and survived (TARE_FUZZ=1 TARE_FUZZ_FIRST=${seed})`, () => {
      const dice = makeDice(seed);
      const revisions = dice.pick([
        [{ status: "deployed" }],
        [{ status: "superseded" }, { status: "deployed" }],
        [{ status: "deployed" }, { status: "pending-upgrade" }],
        [{ status: "deployed" }, { status: "failed" }],
      ] as const);
      return Effect.gen(function* () {
        const before = yield* Clock.currentTimeMillis;
        const { command, met } = yield* run(dice);
        if (isOfTheFakes(met)) return;
        assert.isUndefined(objectionTo(met), command.join(" "));
        assert.isAtMost((yield* Clock.currentTimeMillis) - before, 2 * 3_600_000);
      }).pipe(Effect.provide(world({ revisions, chart: dice.pick(CHARTS) })));
    });
  }
});
