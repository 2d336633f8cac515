import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn } from "../../drawn/drawn.ts";
import { printedLines, summaryOf } from "../../output-schema.ts";
import type { Cluster } from "../cluster.ts";
import { type Hold, type HoldingProxy, startHoldingProxy } from "../holding-proxy.ts";
import { CRD, PROXY, read, revision, write } from "./requests.ts";
import { helmsOn, workingWith } from "./running-processes.ts";
import {
  type Ended,
  type OperatorSignal,
  type RunningTare,
  startTare,
  startTareInTerminal,
  until,
} from "./running-tare.ts";
import {
  awaitDataPlane,
  chartWith,
  clusterWithRelease,
  currentCrds,
  events,
  history,
  type Operator,
  objects,
  states,
  touchCrd,
} from "./tare.ts";

/** Before the first write a run just stops; after it, the release is what it was, by whichever way. */
type Outcome = "nothing written" | "no Helm, one row" | "rolled back, one row";

export interface Stage {
  readonly name: string;
  /** What the run waits for when the signal comes. Without it, for the data plane, which never becomes ready. */
  readonly hold?: Hold;
  readonly outcome: Outcome;
  /** The data plane of this chart never becomes ready. */
  readonly broken?: true;
  readonly flags?: Readonly<Record<string, string>>;
  /** An upgrade that had failed before the signal came is what is reported. */
  readonly failed?: true;
  /** A second signal comes while this is held, and is answered. */
  readonly answers?: true;
}

const NOTHING: Outcome = "nothing written";
const RESTORED: Outcome = "rolled back, one row";

export const BEFORE_HELM: ReadonlyArray<Stage> = [
  { name: "the preflight", hold: read(/^\/version/), outcome: NOTHING },
  { name: "discovery", hold: read(/configmaps\/tare-gate-tars/), outcome: NOTHING },
  { name: "the HA preflight", hold: read(/envoyproxies/), outcome: NOTHING },
  { name: "the CRDs", hold: write("tare", "PATCH", CRD), outcome: "no Helm, one row" },
];

const HELM_UPGRADE = write("helm", "PATCH", PROXY, { when: "after" });

export const IN_UPGRADE: ReadonlyArray<Stage> = [
  { name: "helm upgrade", hold: HELM_UPGRADE, answers: true, outcome: RESTORED },
  { name: "the check of the data plane", broken: true, outcome: RESTORED },
];

export const IN_ROLLBACK: ReadonlyArray<Stage> = [
  {
    name: "helm rollback",
    hold: revision("pending-rollback", { when: "after" }),
    outcome: RESTORED,
    broken: true,
    flags: { timeout: "10s" },
    failed: true,
  },
];

const SIGNALS: ReadonlyArray<readonly [OperatorSignal, number]> = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
];

const AS_BEFORE = "The release is as it was before this run.";

type At = "a pipe" | "a terminal";

/** Each stage meets one of the signals at a pipe and one at a terminal; in a full run, all of them. */
const drawnSignals = (stages: ReadonlyArray<Stage>) => {
  const part = drawn(`signals in ${stages.map(({ name }) => name).join(", ")}`, {
    cases: stages.flatMap(({ name }) =>
      (["a pipe", "a terminal"] as const).flatMap((at) =>
        SIGNALS.map((signal) => ({ name, at, signal })),
      ),
    ),
    share: 1 / 3,
    nameOf: ({ signal: [signal] }) => signal,
    kindOf: ({ name, at }) => `${name} at ${at}`,
  });
  return (stage: Stage, at: At) =>
    part.filter((one) => one.name === stage.name && one.at === at).map(({ signal }) => signal);
};

export const signalsSuite = (stages: ReadonlyArray<Stage>): void => {
  const signalsIn = drawnSignals(stages);
  describe("signals", () => {
    let cluster: Cluster;
    let who: Operator;
    let proxy: HoldingProxy;
    let brokenProxy: string;

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
      proxy = await startHoldingProxy(cluster);
      brokenProxy = chartWith(who, (values) => {
        values.images = { envoy: { tag: "never-ready" } };
      });
    });
    afterAll(async () => {
      await proxy?.close();
      await cluster?.stop();
    });

    const images = async (): Promise<string> => {
      const found = [
        ...(await objects(who, "deployments", "--namespace", "tars-system")),
        ...(await objects(who, "deployments", "--namespace", "tars-dataplane")),
      ];
      return JSON.stringify(
        found.map(({ metadata, spec }) => [
          metadata.name,
          spec.template.spec.containers.map(({ image }: { image: string }) => image),
        ]),
      );
    };

    /** The rate limiter is Envoy Gateway's as well: it has its image of before only when the controller has restarted. */
    const expectImages = async (expected: string): Promise<void> => {
      const deadline = Date.now() + 60_000;
      while ((await images()) !== expected && Date.now() < deadline) await sleep(500);
      expect(await images()).toBe(expected);
    };

    const scene = async () => ({
      images: await images(),
      states: await states(who),
      base: (await history(who)).at(-1)?.revision ?? 0,
      rows: new Set((await events(who)).map(({ event_id }) => event_id)),
    });
    type Scene = Awaited<ReturnType<typeof scene>>;

    /** Every flag once: a repeated one is refused. */
    const args = ({ broken, flags }: Pick<Stage, "broken" | "flags">): ReadonlyArray<string> => [
      "upgrade",
      who.identityFile,
      ...Object.entries({
        "settle-time": "1s",
        timeout: "60s",
        ...(broken === undefined ? {} : { "chart-path": brokenProxy }),
        ...flags,
      }).flatMap(([name, value]) => [`--${name}`, value]),
    ];

    /** Signals a run where the stage wants it, and returns what became of it. */
    const signalled = async (
      stage: Stage,
      run: RunningTare,
      name: OperatorSignal,
      base: number,
      caught: ReturnType<HoldingProxy["hold"]> | undefined,
    ): Promise<Ended> => {
      const held = await caught;
      if (held === undefined) {
        const done = `${base + 1} deployed`;
        await until("Helm to be done", async () => (await states(who)).endsWith(done), 180);
      }
      run.signal(name);
      if (held !== undefined && stage.outcome === "rolled back, one row") {
        await sleep(1_000);
        // Neither the signal nor the end of the terminal is Helm's.
        expect(helmsOn(who, proxy.kubeconfig)).not.toEqual([]);
        held.release();
      }
      const ended = await run.ended;
      proxy.clear();
      return ended;
    };

    const expectAgreement = async (stage: Stage, before: Scene): Promise<void> => {
      await awaitDataPlane(who);
      await expectImages(before.images);
      const rows = (await events(who)).filter(({ event_id }) => !before.rows.has(event_id));
      if (stage.outcome === "rolled back, one row") {
        expect(rows).toMatchObject([
          {
            status: "failed",
            error_code: stage.failed === undefined ? "Interrupted" : "UpgradeRolledBack",
            helm_revision: before.base + 1,
          },
        ]);
        const last = (await history(who)).at(-1);
        expect(last).toMatchObject({ status: "deployed" });
        expect(last?.description).toMatch(/^Rollback to /);
      } else {
        expect(await states(who)).toBe(before.states);
        expect(rows).toMatchObject(
          stage.outcome === "nothing written"
            ? []
            : [{ status: "failed", error_code: "Interrupted", operation: "upgrade" }],
        );
        for (const row of rows) expect(row).not.toHaveProperty("helm_revision");
      }
      await until("every process to have ended", () => workingWith(proxy.kubeconfig).length === 0);
    };

    for (const stage of stages) {
      describe(`during ${stage.name}`, () => {
        it.each(signalsIn(stage, "a pipe"))(`%s: ${stage.outcome}`, async (name, code) => {
          if (stage.outcome === "no Helm, one row") await touchCrd(who);
          const before = await scene();
          const caught = stage.hold === undefined ? undefined : proxy.hold(stage.hold);
          const run = startTare(who, [...args(stage), "--output", "json"], proxy.kubeconfig);
          const ended = await signalled(stage, run, name, before.base, caught);
          const summary = summaryOf(printedLines(ended.stdout));
          expect(ended.stderr).toBe("");
          expect(ended.code).toBe(stage.failed === undefined ? code : 20);
          expect(summary).toMatchObject(
            stage.failed === undefined
              ? { outcome: "interrupted", exitCode: code }
              : { outcome: "failed", exitCode: 20, error: { code: "UpgradeRolledBack" } },
          );
          await expectAgreement(stage, before);
        });

        it.each(signalsIn(stage, "a terminal"))(
          `%s at a terminal: ${stage.outcome}`,
          async (name, code) => {
            if (stage.outcome === "no Helm, one row") await touchCrd(who);
            const before = await scene();
            const caught = stage.hold === undefined ? undefined : proxy.hold(stage.hold);
            const run = startTareInTerminal(who, args(stage), proxy.kubeconfig);
            const ended = await signalled(stage, run, name, before.base, caught);
            expect(ended.code).toBe(stage.failed === undefined ? code : 20);
            // Nobody reads a terminal that is gone.
            if (name !== "SIGHUP" && stage.failed === undefined) {
              expect(ended.stderr).toContain(AS_BEFORE);
            }
            await expectAgreement(stage, before);
          },
        );
      });
    }

    it.each(
      stages.flatMap((stage) =>
        stage.answers === undefined ? [] : [[stage.name, stage] as const],
      ),
    )("twice Ctrl-C at a terminal during %s: the second is answered", async (_, stage) => {
      if (stage.hold === undefined) throw new Error("nothing is held");
      const before = await scene();
      const caught = proxy.hold(stage.hold);
      const run = startTareInTerminal(who, args(stage), proxy.kubeconfig);
      const held = await caught;
      run.signal("SIGINT");
      await until("the first answer", () =>
        run.said().includes("interrupted: bringing the release"),
      );
      // Two at once would be one.
      await sleep(1_000);
      run.signal("SIGINT");
      await until("the second answer", () => run.said().includes("still running: helm"));
      expect(run.said()).toMatch(/process \d+\. If killed now, the release stays pending/);
      held.release();
      expect((await run.ended).code).toBe(130);
      await expectAgreement(stage, before);
    });
  });
};
