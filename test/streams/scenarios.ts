import { kubectl, run } from "../cluster/cluster.ts";
import {
  type Ended,
  startTare,
  type TareWithoutTerminal,
  until,
} from "../cluster/e2e/running-tare.ts";
import { chartWith, type Operator } from "../cluster/e2e/tare.ts";
import type { Scenario, StreamsOptions } from "./options.ts";
import { DATA_PLANE, type ProxyWatch } from "./proxies.ts";
import type { Act } from "./report.ts";

export interface Scene {
  readonly who: Operator;
  readonly options: StreamsOptions;
  readonly proxies: ProxyWatch;
  /** Hears what tare says. */
  readonly log: (line: string) => void;
}

/** What each scenario does to the proxies, and the exit code it is to end with. */
interface Plan {
  readonly act: (scene: Scene) => Promise<Act>;
  readonly exitCode: number;
  /** Before the streams begin. */
  readonly prepare?: (who: Operator, options: StreamsOptions) => Promise<void>;
}

type Subject = Pick<Scene, "who" | "options"> & Partial<Pick<Scene, "log">>;

const args = ({ who, options }: Subject): ReadonlyArray<string> => [
  "upgrade",
  who.identityFile,
  ...(options.everything ? [] : ["--no-rate-limiting"]),
  ...options.tare,
];

const timed = async (work: () => Promise<Pick<Ended, "code" | "stderr">>): Promise<Act> => {
  const began = Date.now();
  const { code, stderr } = await work();
  return { exitCode: code, seconds: (Date.now() - began) / 1_000, said: stderr };
};

const started = (scene: Subject, more: ReadonlyArray<string> = []): TareWithoutTerminal =>
  startTare(scene.who, [...args(scene), ...more], scene.who.cluster.kubeconfig, scene.log);

const upgrade = (scene: Subject, more: ReadonlyArray<string> = []): Promise<Act> =>
  timed(() => started(scene, more).ended);

/** The proxies of the new release have an image that cannot serve. */
const upgradeToEnvoy = (tag: string, more: ReadonlyArray<string> = []): Plan => ({
  exitCode: 20,
  act: (scene) => {
    const chart = chartWith(scene.who, (values) => {
      values.images = { envoy: { tag } };
    });
    return upgrade(scene, ["--chart-path", chart, ...more]);
  },
});

/** Once a new proxy serves, an old one is about to go. */
const interrupt = (scene: Scene): Promise<Act> =>
  timed(async () => {
    const old = new Set(scene.proxies.seen().map(({ template }) => template));
    const tare = started(scene);
    await until(
      "a new proxy",
      () => scene.proxies.seen().some(({ template, ready }) => ready && !old.has(template)),
      300,
    );
    tare.signal("SIGINT");
    return tare.ended;
  });

const drainNode = async (scene: Scene): Promise<Act> => {
  const node = scene.proxies.seen().find(({ goneAt }) => goneAt === undefined)?.node ?? "";
  const { kubectl: program } = scene.who.cluster;
  const flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=15m"];
  return timed(() => run(scene.who.cluster, program, ["drain", node, ...flags]));
};

const restart = (scene: Scene): Promise<Act> =>
  timed(async () => {
    const deployment = ["deployment/egress", ...DATA_PLANE];
    await kubectl(scene.who.cluster, ["rollout", "restart", ...deployment]);
    const status = ["rollout", "status", "--timeout=5m", ...deployment];
    return run(scene.who.cluster, scene.who.cluster.kubectl, status);
  });

const prepared = async (who: Operator, options: StreamsOptions): Promise<void> => {
  const { exitCode, said } = await upgrade({ who, options });
  if (exitCode !== 0) throw new Error(`the upgrade before: exit code ${exitCode}\n${said}`);
};

export const PLANS: Readonly<Record<Scenario, Plan>> = {
  upgrade: { act: upgrade, exitCode: 0 },
  "rollback-missing-image": upgradeToEnvoy("no-such-tag"),
  "rollback-crash": upgradeToEnvoy("crashes"),
  // Nothing but the time tells that such a proxy will not come.
  "rollback-never-ready": upgradeToEnvoy("never-ready", ["--timeout", "2m"]),
  interrupt: { act: interrupt, exitCode: 130 },
  "node-drain": { act: drainNode, prepare: prepared, exitCode: 0 },
  "negative-control": { act: restart, exitCode: 0 },
};
