/**
 * Obstacles of every kind, put before, during and after Helm's part of an upgrade. What was there before ends before the
 * first write, or is harmless; what comes meanwhile ends with 0 or 20 and a true cause, and the next run converges.
 * `npm run obstacles` runs them all and prints the table of the docs.
 */
import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn } from "../../drawn/drawn.ts";
import { printedLines, summaryOf } from "../../output-schema.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import {
  awaitDataPlane,
  clusterWithRelease,
  currentCrds,
  type Operator,
  states,
  tare,
  touchCrd,
} from "../e2e/tare.ts";
import { stoppingAt } from "./at-helm.ts";
import { allowed, type Case, MOMENTS, nameOf, type Remove } from "./obstacle.ts";
import { enforced, RULES } from "./rules.ts";
import { STATES } from "./states.ts";

const ALL: ReadonlyArray<Case> = [...RULES, ...STATES].flatMap((obstacle) =>
  MOMENTS.map((moment) => ({ obstacle, moment })),
);

/** How much of each kind a run of the cluster suite takes; three minutes are what there is for them. */
const SHARE = 0.03;

const WHOLE = process.env.TARE_OBSTACLES_TABLE;
const CRD = ["crd", "gateways.gateway.networking.k8s.io"];

/** Each on a cluster of its own. */
export const obstacles = (name: string, isHere: (one: Case) => boolean): void => {
  const cases = drawn(name, {
    cases: ALL.filter(isHere),
    share: SHARE,
    nameOf,
    kindOf: ({ moment }) => moment,
  });
  describe(name, () => suite(cases));
};

const suite = (cases: ReadonlyArray<Case>): void => {
  let cluster: Cluster;
  let who: Operator;
  let count = 0;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    await enforced(who);
  });
  afterAll(() => cluster?.stop());

  const upgraded = async (
    someone: Operator,
    env: NodeJS.ProcessEnv,
    ...flags: ReadonlyArray<string>
  ) => {
    const args = ["upgrade", someone.identityFile, "--output", "json"];
    const quick = ["--settle-time", "2s", "--timeout", "60s"];
    const { code, stdout, stderr } = await tare(someone, [...args, ...quick, ...flags], env);
    const { error } = summaryOf(printedLines(stdout));
    return { code, error: error?.code, why: error?.why.join("; ") ?? "", stderr };
  };

  const crdIsAsBefore = async () =>
    (await kubectl(cluster, ["get", ...CRD, "-o", "jsonpath={.spec.names.shortNames}"])).includes(
      "byhand",
    );

  /** Something new to roll out each time. */
  const next = () => ["--image-tag", `run-${++count}`];

  const told = (one: Case, code: number | null, why: string, millis: number) => {
    if (WHOLE === undefined) return;
    const { obstacle, moment } = one;
    const short = why.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 140);
    const seconds = Math.round(millis / 1_000);
    appendFileSync(
      WHOLE,
      `| ${obstacle.kind} | ${obstacle.name} | ${moment} | ${code} | ${seconds} s | ${short} |\n`,
    );
  };

  const thereBefore = async (one: Case, env: NodeJS.ProcessEnv) => {
    const tag = next();
    const before = await states(who);
    const planned = await upgraded(who, env, "--plan", ...tag);
    const began = Date.now();
    const { code, error, why } = await upgraded(who, env, ...tag);
    told(one, code, why, Date.now() - began);
    expect(one.obstacle.before, why).toContain(code);
    if (planned.code === 3) expect([0, 20], why).toContain(code);
    else expect([planned.code, planned.error], planned.why).toEqual([code, error]);
    if (code === 0) return;
    expect(why).toMatch(one.obstacle.names);
    if (code === 20) return;
    expect(await crdIsAsBefore()).toBe(true);
    expect(await states(who)).toBe(before);
  };

  const comesMeanwhile = async (one: Case, moment: "during" | "after", env: NodeJS.ProcessEnv) => {
    const stopping = stoppingAt(who, moment);
    let remove: Remove | undefined;
    const began = Date.now();
    const running = upgraded(stopping.who, env, ...next());
    await stopping.meanwhile(async () => {
      remove = await one.obstacle.put(who);
    }, running);
    const { code, why } = await running;
    told(one, code, why, Date.now() - began);
    await remove?.();
    expect(allowed(one), why).toContain(code);
    if (code !== 0) expect(why).toMatch(one.obstacle.names);
    if (code !== 21) return;
    const after = await upgraded(who, {}, "--recover", ...next());
    expect(after.code, after.why).toBe(0);
  };

  it.each(cases.map((one) => [nameOf(one), one] as const))("%s", async (_, one) => {
    await touchCrd(who);
    const account = await one.obstacle.account?.(who);
    const env = account?.env ?? {};
    const { moment } = one;
    if (moment !== "before") await comesMeanwhile(one, moment, env);
    else {
      const remove = await one.obstacle.put(who);
      try {
        await thereBefore(one, env);
      } finally {
        await remove();
      }
    }
    await account?.remove();
    await awaitDataPlane(who);
  });
};
