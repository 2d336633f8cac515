/** What somebody who may write to the cluster left there to be read, before the run. */
import { Effect } from "effect";
import { eventConfigMap } from "../../../src/domain/events/outbox-entry.ts";
import {
  ConfigMap,
  Deployment,
  EnvoyProxy,
  Gateway,
  type KubeObject,
  Lease,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { encodeRunRecord, journalName } from "../../../src/domain/run/run-journal.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";
import { FakeCluster, NOTED_RUN, processElsewhere, ROLLED_BACK } from "../../fakes/index.ts";
import { NASTY } from "../../hostile/text.ts";
import type { Dice } from "../dice.ts";
import type { StartingWorld, Story } from "../story.ts";

/** Of every kind of text that does something to a terminal, in one. */
const ALL = NASTY.join(" ");

const { name, namespace } = DEFAULT_RELEASE;

const lease = (seconds: number): KubeObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: `tare-${name}`, namespace },
  spec: {
    holderIdentity: FOREIGN_HOLDER,
    leaseDurationSeconds: seconds,
    acquireTime: ALL,
    renewTime: ALL,
  },
});

export const FOREIGN_HOLDER = `eve ${ALL}`;

/** A run of a machine that nobody knows, with a timeout of thirty years. */
const journal: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: journalName(DEFAULT_RELEASE), namespace },
  data: {
    "run.json": encodeRunRecord({
      ...NOTED_RUN,
      schemaVersion: 1,
      process: { ...processElsewhere("elsewhere"), user: ALL, host: ALL },
      fromVersion: ALL,
      toVersion: ALL,
      startedAt: ALL,
      timeoutSeconds: 1e9,
      steps: [{ step: "helm-upgrade", state: "begun", at: ALL }],
    }),
  },
};

const entry = eventConfigMap(
  installEvent({
    ...ROLLED_BACK,
    subject: { _tag: "Run", runId: "of-another-run" },
    cliVersion: ALL,
  }),
);

const withText = (text: string, suffix: string): KubeObject => ({
  ...entry,
  metadata: { ...entry.metadata, name: `${entry.metadata.name.slice(0, -1)}${suffix}` },
  data: { "event.json": text },
});

/** None is an event: what is no event of this version is told to nobody. */
const events: ReadonlyArray<KubeObject> = [
  withText("[".repeat(5_000), "1"),
  withText(`{"schema_version": 1, "event_id": ${JSON.stringify(ALL)}}`, "2"),
  withText('{"__proto__": {"schema_version": 1}, "schema_version": 1e308}', "3"),
];

const annotated = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, "example.com/note": ALL },
  },
});

const seedAll = Effect.fnUntraced(function* (
  type: typeof Lease,
  objects: ReadonlyArray<KubeObject>,
) {
  const cluster = yield* FakeCluster;
  for (const object of objects) yield* cluster.seed(type, object, "eve");
});

const annotateAll = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  for (const type of [EnvoyProxy, Gateway, Deployment]) {
    for (const object of yield* cluster.all(type)) {
      // Written by the rules of the server, so that controllers see it and go on.
      yield* Effect.orDie(cluster.edit(refOf(type, object), annotated));
    }
  }
});

/** In this order: of two Leases of one name the last one stays. */
const HOSTILE: Readonly<Record<string, Effect.Effect<void, never, FakeCluster>>> = {
  journal: seedAll(ConfigMap, [journal]),
  events: seedAll(ConfigMap, events),
  annotations: annotateAll,
  "silent-lease": seedAll(Lease, [lease(20)]),
  "endless-lease": seedAll(Lease, [lease(2_147_483_647)]),
};

export const drawHostile = (dice: Dice): Readonly<Record<string, boolean>> => {
  if (dice.chance(0.8)) return {};
  const there = Object.keys(HOSTILE).filter((one) =>
    dice.chance(one === "endless-lease" ? 0.1 : 0.5),
  );
  return Object.fromEntries(there.map((one) => [one, true]));
};

export const putHostile = ({ world }: Story) =>
  Effect.forEach(
    Object.entries(HOSTILE).filter(([one]) => world.hostile?.[one] === true),
    ([, put]) => put,
    { discard: true },
  );

/** Nobody can prove its holder dead: whoever wants the lock is refused. */
export const isLockedForEver = ({ hostile = {} }: StartingWorld): boolean =>
  hostile["endless-lease"] === true;
