import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForPackage } from "../../../scripts/build/bundle.ts";
import { shellQuote } from "../../../src/domain/hints/operator-commands.ts";
import { drawn } from "../../drawn/drawn.ts";
import {
  accountToken,
  type Cluster,
  controlPlane,
  followEnvoyGateway,
  kubectl,
  type RunResult,
  run,
  startCluster,
} from "../cluster.ts";
import { authorityPath, pki } from "../control-plane.ts";
import { currentCrds, installOlder, type Operator, operator } from "../e2e/tare.ts";
import { countRequests, requestsOf } from "./audit.ts";
import { OPERATOR } from "./busy.ts";
import { issue, makeAuthority, save, selfSigned } from "./certificates.ts";
import { type Input, REFRESH_TOKEN, writeCorpus } from "./corpus.ts";
import { type Fronts, startFronts } from "./fronts.ts";

/** The bundle of the program has none beside it. */
const CHART = ["--chart-path", join(import.meta.dirname, "../../../chart")];

/** Every kubeconfig with kubectl, Helm and tare side by side, on a real API server with a release to upgrade. */
describe("a kubeconfig", () => {
  let cluster: Cluster;
  let who: Operator;
  let fronts: Fronts;
  let inputs: ReadonlyArray<Input>;
  let secrets: ReadonlyArray<string>;

  beforeAll(async () => {
    cluster = await startCluster({ clientAuthority: makeAuthority });
    // Started so often, it should start quickly.
    const program = join(cluster.dir, "tare");
    await bundleForPackage(program);
    save(join(program, "package.json"), '{"type":"module"}');
    who = {
      ...operator(cluster, "helm4"),
      program: [process.execPath, join(program, "main.js")],
    };
    await followEnvoyGateway(cluster);
    await installOlder(who, undefined, currentCrds);
    const items = { apiVersion: "v1", kind: "List", items: OPERATOR };
    await kubectl(cluster, ["apply", "-f", "-"], { input: items });
    const folder = mkdtempSync(join(cluster.dir, "kubeconfigs-"));
    const plane = controlPlane(cluster);
    const front = selfSigned(folder, "front");
    const pair = issue(pki(cluster.dir, ""), "alice", "system:masters");
    const token = plane.tokens.admin;
    const idToken = await accountToken(cluster, "default", "operator");
    fronts = await startFronts(plane.ports.api, token, front, idToken);
    inputs = writeCorpus({
      folder,
      port: plane.ports.api,
      authority: readFileSync(authorityPath(cluster.dir), "utf8"),
      token,
      pair,
      fronts,
      frontAuthority: front.cert,
    });
    const keyLine = pair.key.split("\n")[1] ?? "";
    const login = ["Tr0ub4dor&3", "proxy-p", Buffer.from(pair.key).toString("base64").slice(0, 60)];
    secrets = [token, idToken, REFRESH_TOKEN, keyLine, ...login];
  });
  afterAll(async () => {
    fronts.close();
    await cluster.stop();
  });

  const part = (what: string, share: number): ReadonlyArray<Input> =>
    drawn(`kubeconfigs ${what}`, {
      cases: inputs,
      share,
      nameOf: ({ name }) => name,
      kindOf: ({ kind, onTerminal, refused }) =>
        [kind, onTerminal && "on a terminal", refused && "refused"].join(" "),
    });

  const start = (
    { kubeconfig, env = {}, onTerminal = false }: Input,
    command: string,
    args: ReadonlyArray<string>,
  ): Promise<RunResult> => {
    const { home, helm } = who;
    const tools = { TARE_HELM: helm, TARE_KUBECTL: cluster.kubectl };
    const own = { HOME: home, TMPDIR: home, KUBECONFIG: kubeconfig, ...tools, ...env };
    const line = [command, ...args].map(shellQuote).join(" ");
    const [program, words] = onTerminal
      ? ["script", ["--quiet", "--return", "--command", line, "/dev/null"]]
      : [command, args];
    return run({ env: { ...cluster.env, ...own } }, program, words);
  };
  const startTare = (input: Input, args: ReadonlyArray<string>) =>
    start(input, who.program[0], [...who.program.slice(1), ...args]);

  const SECRETS_PATH = "/api/v1/namespaces/tars-system/secrets?limit=1";
  /** Without its discovery, which takes seconds. */
  const startKubectl = (input: Input) =>
    start(input, cluster.kubectl, ["get", "--raw", SECRETS_PATH]);

  interface Row {
    readonly input: Input;
    /** Of kubectl, Helm if it was asked, and tare. */
    readonly verdicts: ReadonlyArray<boolean>;
    readonly tare: RunResult;
  }

  const show = ({ input, verdicts, tare: { code, stdout, stderr } }: Row) =>
    `${input.name}: ${verdicts.join(", ")} (tare: exit ${code}: ${(stdout + stderr).trim().split("\n").slice(0, 4).join(" | ")})`;

  const judge = (rows: ReadonlyArray<Row>, done: number) => {
    const disagree = rows.filter(({ input, verdicts }) =>
      input.refused === undefined ? new Set(verdicts).size > 1 : verdicts.at(-1) === true,
    );
    expect(disagree.map(show)).toEqual([]);
    expect(rows.filter(({ tare: { code } }) => code !== done && code !== 10).map(show)).toEqual([]);
    const said = ({ tare: { stdout, stderr } }: Row) => stdout + stderr;
    expect(rows.filter((row) => /\n\s+at .*:\d+/.test(said(row))).map(show)).toEqual([]);
    expect(
      rows
        .filter((row) => secrets.some((one) => said(row).includes(one)))
        .map(({ input }) => input.name),
    ).toEqual([]);
    const working = rows.filter(({ verdicts }) => verdicts.at(-1)).length;
    expect(working).toBeGreaterThan(rows.length / 3);
    console.log(`kubeconfigs: ${rows.length}, of which ${working} work`);
  };

  it("means to tare what it means to kubectl and Helm", async () => {
    expect(inputs.length).toBeGreaterThan(140);
    const rows: Array<Row> = [];
    const tryOne = async (input: Input) => {
      const one = await startKubectl(input);
      const other = await start(input, who.helm, ["list", "--namespace", "tars-system"]);
      const tare = await startTare(input, ["history"]);
      rows.push({ input, verdicts: [one, other, tare].map(({ code }) => code === 0), tare });
    };
    const left = [...part("side by side", 1 / 8)];
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await tryOne(next);
    };
    await Promise.all([worker(), worker(), worker()]);
    judge(rows, 0);
  }, 1_800_000);

  it("leads the Helm that tare runs to the same cluster, as the same user", async () => {
    const rows: Array<Row> = [];
    const strangers: Array<string> = [];
    // One after the other, so that the requests tell whose they are.
    for (const input of part("with a plan", 1 / 20)) {
      const before = countRequests(cluster);
      const one = await startKubectl(input);
      const tare = await startTare(input, ["upgrade", who.identityFile, "--plan", ...CHART]);
      rows.push({ input, verdicts: [one.code === 0, tare.code === 3], tare });
      if (tare.code !== 3) continue;
      const users = (["kubectl", "tare", "Helm"] as const).map((program) =>
        [...new Set(requestsOf(cluster, program, before).map(({ user }) => user))].join(", "),
      );
      if (users.includes("") || new Set(users).size > 1) {
        strangers.push(`${input.name}: ${users.join(" | ")}`);
      }
    }
    judge(rows, 3);
    expect(strangers).toEqual([]);
  }, 3_600_000);
});
