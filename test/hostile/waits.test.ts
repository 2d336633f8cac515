/** A run can be stopped wherever it waits: every pause has a name, and each name a run here that is stopped in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { ConfigMap, Lease } from "../../src/domain/kube/objects.ts";
import { heldLease } from "../../src/domain/lock/lease.ts";
import {
  encodeRunRecord,
  JOURNAL_SCHEMA_VERSION,
  journalName,
} from "../../src/domain/run/run-journal.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { WAITS, type WaitName } from "../../src/domain/run/waiting.ts";
import { runCli } from "../cli/support.ts";
import {
  FakeCluster,
  FakeHelm,
  FakeManagementPlane,
  FakeProcesses,
  FakeStreams,
  NOTED_RUN,
  processElsewhere,
  type Scenario,
  SERVER,
  tarsChart,
  unreachable,
  type World,
  world,
} from "../fakes/index.ts";

const SRC = resolve(import.meta.dirname, "../../src");
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), "utf8") }));
const WAITING = "domain/run/waiting.ts";

describe("every pause", () => {
  it("goes through the one that names it", () => {
    const others = sources.filter(({ name }) => name !== WAITING);
    const unnamed = others.filter(({ text }) => /\bEffect\.sleep\(/.test(text));
    assert.deepStrictEqual(
      unnamed.map(({ name }) => name),
      [],
    );
  });

  it("in the list is made somewhere", () => {
    const made = sources.flatMap(({ text }) =>
      [...text.matchAll(/waitFor\(\s*"([^"]+)"/g)].map(([, name]) => name),
    );
    assert.sameMembers([...new Set(made)], [...WAITS]);
  });
});

/** A way into a pause, and what the run ends with when it is stopped there. */
interface Way {
  readonly scenario?: Scenario;
  readonly prepare?: Effect.Effect<unknown, unknown, World>;
  readonly args: ReadonlyArray<string>;
  /** 130, unless what had been begun came to an end of its own. */
  readonly codes?: ReadonlyArray<number>;
  /** Virtual time; nothing to speak of before the first write. */
  readonly within?: Duration.Input;
}

const PENDING: Scenario = {
  revisions: [
    { status: "deployed" },
    { status: "pending-upgrade", chart: tarsChart({ version: "1.2.0" }) },
  ],
};
const ELSEWHERE = processElsewhere("ci-7");
const UPGRADE = ["upgrade", "FOLDER/identity.json"];
const DOCTOR = ["doctor", "FOLDER/identity.json"];

const heldElsewhere = Effect.flatMap(FakeCluster, (cluster) =>
  cluster.seed(Lease, heldLease(DEFAULT_RELEASE, ELSEWHERE, 0, 0), "tare"),
);

const helmHere = Effect.flatMap(FakeProcesses, (processes) =>
  processes.start({
    pid: 4712,
    words: ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"],
    cluster: SERVER,
  }),
);

const journalElsewhere = Effect.flatMap(FakeCluster, (cluster) =>
  cluster.seed(ConfigMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: journalName(DEFAULT_RELEASE), namespace: DEFAULT_RELEASE.namespace },
    data: {
      "run.json": encodeRunRecord({
        schemaVersion: JOURNAL_SCHEMA_VERSION,
        ...NOTED_RUN,
        process: ELSEWHERE,
        startedAt: "2026-11-22T10:14:02.000Z",
        steps: [{ step: "helm-upgrade", state: "begun", at: "2026-11-22T10:14:02.000Z" }],
      }),
    },
  }),
);

const busyPlane = Effect.flatMap(FakeManagementPlane, (plane) =>
  plane.behave(() => ({ _tag: "Answer", status: 503 })),
);

const streams = Effect.flatMap(FakeStreams, (users) =>
  users.open({
    gateway: "egress",
    namespace: "tars-dataplane",
    count: 5,
    duration: "20 minutes",
  }),
);

const SLOW: Scenario = { chart: tarsChart({ version: "1.2.0", imageTag: "slow-40" }) };
const CRASHING: Scenario = { chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) };
/** What Helm has begun is brought to a safe state first. */
const IN_HELM = { args: UPGRADE, within: "15 minutes" } as const;
const HELD = {
  ...IN_HELM,
  args: [...UPGRADE, "--drain-timeout-seconds", "1200"],
  prepare: streams,
  within: "1 hour",
} as const;

const WAYS: Readonly<Record<Exclude<WaitName, keyof typeof ELSEWHERE_TRIED>, Way>> = {
  lock: { prepare: heldElsewhere, args: UPGRADE },
  "lock-holder": { scenario: PENDING, prepare: heldElsewhere, args: ["history"] },
  "helm-here": { prepare: helmHere, args: UPGRADE },
  "helm-elsewhere": {
    scenario: PENDING,
    prepare: journalElsewhere,
    args: [...UPGRADE, "--recover"],
  },
  "plane-again": { prepare: busyPlane, args: [...DOCTOR, "--once"] },
  "next-tick": { args: DOCTOR },
  "rollout-news": IN_HELM,
  "rollout-burst": { ...IN_HELM, scenario: SLOW },
  "rollout-evidence": { ...IN_HELM, scenario: CRASHING },
  "rollout-deadline": { ...IN_HELM, scenario: SLOW },
  "streams-look": { ...IN_HELM, scenario: SLOW, prepare: streams },
  "streams-end": HELD,
  "hold-look": HELD,
  "hold-in-force": HELD,
  "rollback-again": {
    ...IN_HELM,
    scenario: CRASHING,
    prepare: Effect.flatMap(FakeHelm, (helm) =>
      helm.breakStep("pre-rollback hook", "webhook not ready"),
    ),
    // It is already going back; nothing but its end is left to be told.
    codes: [20, 21],
  },
  "watch-again": {
    ...IN_HELM,
    scenario: { ...SLOW, faults: [{ trouble: unreachable, verb: "watch" }] },
  },
};

/** Those that no run on a simulated cluster gets to, each tried where it is at home. */
const ELSEWHERE_TRIED = {
  "tools-lock": "test/tools",
  "removal-look": "test/operations/install",
  "server-again": "test/services/kube",
  "credentials-again": "test/services/kube",
} as const satisfies Partial<Record<WaitName, string>>;

describe("a run that is stopped while it waits for", () => {
  for (const [name, way] of Object.entries(WAYS) as ReadonlyArray<[keyof typeof WAYS, Way]>) {
    const { scenario = {}, prepare = Effect.void, args, codes = [130], within = "1 second" } = way;
    it.effect(`${name} ends, and says how`, () =>
      Effect.gen(function* () {
        yield* Effect.orDie(prepare);
        const run = yield* runCli(args, { signal: { name: "SIGINT", after: { wait: name } } });
        assert.include(codes, run.code, run.everything);
        assert.isAtMost(run.sinceSignal, Duration.toMillis(Duration.fromInputUnsafe(within)));
        if (args[0] === "upgrade" && run.code === 130) {
          assert.include(run.everything, "Interrupted. The release is as it was before this run.");
        }
      }).pipe(Effect.provide(world(scenario))),
    );
  }
});
