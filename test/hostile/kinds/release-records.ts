import { gzipSync } from "node:zlib";
import { Effect } from "effect";
import { type KubeObject, Secret } from "../../../src/domain/kube/objects.ts";
import { malformation, recordFlaw } from "../../../src/domain/release/record-flaw.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { lostValues, storedSecrets } from "../../../src/domain/values/lost-values.ts";
import {
  decodeReleaseSecret,
  historyLine,
  readReleaseRecord,
  revisionContents,
  storedRelease,
  withRecordedStatus,
} from "../../../src/services/release/release-secret.ts";
import { FakeCluster, tarsChart, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met, shown } from "../met.ts";
import { hostileText, inJson, mutated, sameType } from "../values.ts";
import type { Kind } from "./kind.ts";

const RELEASE = DEFAULT_RELEASE;
const CHART = tarsChart({ version: "1.2.0" });

const RECORD = {
  name: RELEASE.name,
  namespace: RELEASE.namespace,
  version: 2,
  info: {
    status: "deployed",
    description: "Upgrade complete",
    first_deployed: "1969-12-01T00:00:00Z",
    last_deployed: "1969-12-02T00:00:00Z",
    notes: "Thank you",
  },
  chart: { metadata: { name: "tars", version: "1.1.0", appVersion: "1.1.0" } },
  config: {
    global: { customer: "acme", imageRegistry: "gcr.io/acme" },
    redis: { password: "hunter2-hunter2", type: "hosted" },
    custom: { list: [1, "two", { three: true }], pass: "0123456789" },
  },
  manifest: "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
  hooks: [{ name: "hook", kind: "Job", manifest: "kind: Job", events: ["pre-upgrade"] }],
  apply_method: "ssa",
};

/** Made once: they take a while. */
const BOMBS: ReadonlyArray<() => Buffer> = [
  `{"version":2,"config":{"a":[${"{},".repeat(3_000_000)}{}]}}`,
  `{"version":2,"info":{"description":"${"eyJ-".repeat(5_000_000)}"},"config":{}}`,
  `{"version":2,"a":"${"x".repeat(40 * 1024 * 1024)}"}`,
  `{"version":2,"config":{${Array.from({ length: 100_000 }, (_, at) => `"password${at}":"secret-${at}"`).join(",")}},"info":{"description":"${"secret- ".repeat(8_000)}"}}`,
].map((json) => {
  let made: Buffer | undefined;
  return () => {
    made ??= gzipSync(json);
    return made;
  };
});

const twice = (bytes: Buffer): string => Buffer.from(bytes.toString("base64")).toString("base64");
const cut = (bytes: Buffer, dice: Dice): Buffer => bytes.subarray(0, dice.int(bytes.length));

const storedIn = (json: string, dice: Dice): string => {
  const bytes = Buffer.from(json);
  return dice.mostly<() => string>(
    () => twice(gzipSync(bytes, { level: 1 })),
    [
      () => twice(bytes),
      () => bytes.toString("base64"),
      () => gzipSync(bytes).toString("base64"),
      () => twice(cut(gzipSync(bytes), dice)),
      () => twice(gzipSync(gzipSync(bytes))),
      () => twice(gzipSync(bytes)).slice(0, -1 - dice.int(40)),
      () => twice(Buffer.concat([gzipSync(bytes), gzipSync(bytes)])),
      () => hostileText(dice),
      () => "",
    ],
  )();
};

const ODD_LABELS = ["deployed", "", "unknown", "-1", "1e9", "2147483648", "99"];

/** As a validating server would keep it: its labels are short words. */
const drawn = (dice: Dice): KubeObject => {
  const version = dice.mostly("2", ["1", "3", "99", ...ODD_LABELS]);
  const data = dice.chance(0.0005)
    ? { release: twice(dice.pick(BOMBS)()) }
    : { release: storedIn(inJson(JSON.stringify(RECORD), dice), dice) };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "helm.sh/release.v1",
    metadata: {
      name: `sh.helm.release.v1.tars.v${dice.mostly("2", ["1", "3", "99", "x", "02"])}`,
      namespace: RELEASE.namespace,
      labels: {
        owner: "helm",
        name: RELEASE.name,
        status: dice.mostly("deployed", ODD_LABELS),
        ...(dice.chance(0.95) ? { version } : {}),
      },
    },
    data: dice.mostly<KubeObject["data"]>(data, [{}, null, { other: "x" }], 0.98),
  };
};

/** What an upgrade makes of it; the fake Helm does that its own way. */
const readAll = (secret: KubeObject): Met => {
  const line = historyLine(secret);
  const read = readReleaseRecord(secret);
  const record = decodeReleaseSecret(secret);
  const flaw = recordFlaw(RELEASE, 2, secret.metadata.labels ?? {}, read);
  const contents = revisionContents(secret, RELEASE, line?.revision ?? 2);
  const nothing = { generated: {}, withoutFlags: {}, decided: [], chartDefaults: {} };
  const lost = lostValues(contents?.values ?? {}, nothing);
  storedSecrets(contents?.values ?? {});
  withRecordedStatus(secret, "superseded");
  return shown([line, flaw, malformation(record), storedRelease(secret), lost.slice(0, 20)]);
};

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["history"],
  ["history", "--output", "json"],
  ["doctor", "FOLDER/identity.json", "--once"],
];

const inTheCluster = (dice: Dice) =>
  Effect.gen(function* () {
    yield* (yield* FakeCluster).seed(Secret, drawn(dice), "somebody");
    return yield* cli(dice.mostly(COMMANDS[0] ?? [], COMMANDS, 0.6));
  }).pipe(Effect.provide(world({ revisions: [{ status: "superseded" }, { status: "deployed" }] })));

/** Values of the right types, which Helm takes: a plan is made of them. */
const planned = (dice: Dice) => {
  const { config } = RECORD;
  const values = mutated(config, dice, sameType(dice)) as typeof config;
  const description = hostileText(dice);
  const revisions = [
    { status: "superseded", description } as const,
    { status: "deployed" } as const,
  ];
  return cli(["upgrade", "FOLDER/identity.json", "--plan", "--allow-reach-change"]).pipe(
    Effect.provide(world({ revisions, values, chart: CHART })),
  );
};

export const releaseRecords: Kind = {
  name: "release Secrets",
  meet: (dice) =>
    Effect.suspend((): Effect.Effect<Met, never, never> => {
      const kind = dice.int(100);
      if (kind < 1) return planned(dice);
      if (kind < 12) return inTheCluster(dice);
      return Effect.sync(() => readAll(drawn(dice)));
    }),
};
