import { Duration, Effect } from "effect";
import { type KubeObject, Lease } from "../../../src/domain/kube/objects.ts";
import {
  CRDS_LOCK,
  heldLease,
  LONGEST_WATCH,
  leaseState,
  releasedLease,
} from "../../../src/domain/lock/lease.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { LockHeld } from "../../../src/services/lock/ReleaseLock.ts";
import { FakeCluster, processElsewhere, processOn, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met, shown } from "../met.ts";
import { anything, mutated, type Path } from "../values.ts";
import type { Kind } from "./kind.ts";

const isFree = (path: Path): boolean =>
  path[0] === "spec" || (path[0] === "metadata" && path[1] === "annotations");

const drawn = (dice: Dice): KubeObject => {
  const holder = dice.pick([processElsewhere("ci-7"), processOn(100), processOn(8)]);
  const subject = dice.chance(0.9) ? DEFAULT_RELEASE : CRDS_LOCK;
  const { resourceVersion: _, ...metadata } = heldLease(subject, holder, 0, 0).metadata;
  const whole = { ...heldLease(subject, holder, 0, 0), metadata };
  return mutated(whole, dice, anything(dice), isFree) as KubeObject;
};

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["history"],
  ["history", "--output", "json"],
  ["doctor", "FOLDER/identity.json", "--once"],
];

const UPGRADES: ReadonlyArray<ReadonlyArray<string>> = [
  ["upgrade", "FOLDER/identity.json"],
  ["upgrade", "FOLDER/identity.json", "--lock-timeout", "5s"],
  ["upgrade", "FOLDER/identity.json", "--recover", "--lock-timeout", "2m"],
];

const REVISIONS = [{ status: "deployed" }, { status: "pending-upgrade" }] as const;

/** What is decided of it. */
const read = (lease: KubeObject): Met => {
  const state = leaseState(lease);
  if (state === undefined) return shown([releasedLease(lease)]);
  const { holder, process, duration, overlong } = state;
  const held = { ...state, duration: Duration.toMillis(duration) };
  const taken = new LockHeld({ holder, process, since: state.acquiredAt, overlong });
  return shown([held, taken.message, Duration.isLessThanOrEqualTo(duration, LONGEST_WATCH)]);
};

const inTheCluster = (dice: Dice) =>
  Effect.gen(function* () {
    yield* (yield* FakeCluster).seed(Lease, drawn(dice), "somebody");
    return yield* cli(dice.pick(dice.chance(0.97) ? COMMANDS : UPGRADES));
  }).pipe(Effect.provide(world({ revisions: REVISIONS })));

export const leases: Kind = {
  name: "Leases",
  meet: (dice) => (dice.chance(0.85) ? Effect.sync(() => read(drawn(dice))) : inTheCluster(dice)),
};
