import { parseArgs } from "node:util";

/** What is done to the proxies while the streams are open. */
export const SCENARIOS = {
  upgrade: "tare upgrade",
  "rollback-missing-image": "tare upgrade to a proxy image that does not exist",
  "rollback-crash": "tare upgrade to a proxy that crashes",
  "rollback-never-ready": "tare upgrade to a proxy that never becomes ready",
  interrupt: "Ctrl-C while tare waits for the proxies",
  "node-drain": "kubectl drain of a proxy's node, after a tare upgrade",
  "negative-control": "kubectl rollout restart, without tare",
} as const;

export type Scenario = keyof typeof SCENARIOS;

export interface StreamsOptions {
  readonly scenario: Scenario;
  /** Streams held at once. */
  readonly clients: number;
  /** How long each stream lasts, in seconds. */
  readonly length: number;
  readonly keepAlive: boolean;
  readonly http2: boolean;
  /** The release that runs when the streams begin. */
  readonly from: "1.1.0" | "1.2.0";
  /** How long the running proxies may drain, in seconds; without it, what the release has by default. */
  readonly runningDrain: number | undefined;
  readonly replicas: number;
  /** Real nodes. */
  readonly nodes: 1 | 2;
  readonly helm: "helm3" | "helm4";
  /** OTel collector, rate limiting and Redis run as well. */
  readonly everything: boolean;
  /** How long streams are begun before anything is done, in seconds. By default until each client has one. */
  readonly warmUp: number;
  /** More arguments of `tare upgrade`. */
  readonly tare: ReadonlyArray<string>;
}

export const DEFAULTS: StreamsOptions = {
  scenario: "upgrade",
  clients: 30,
  length: 100,
  keepAlive: true,
  http2: false,
  from: "1.1.0",
  runningDrain: undefined,
  replicas: 2,
  nodes: 1,
  helm: "helm4",
  everything: false,
  warmUp: 100,
  tare: [],
};

export const USAGE = `npm run streams -- [flags] [-- more arguments of tare upgrade]

Holds streams through real proxies on a real node while these are upgraded, and counts the ones that are dropped:
exit code 0 none, 1 some, 2 the run itself failed. Needs root, and what "npm run node:build" needs.

  --scenario NAME              what is done meanwhile (default: upgrade)
${Object.entries(SCENARIOS)
  .map(([name, about]) => `      ${name.padEnd(25)}${about}`)
  .join("\n")}
  --clients N                  streams at once (default: 30)
  --length DURATION            how long each lasts (default: 100s)
  --no-keep-alive              a connection for each stream
  --http2                      HTTP/2 without TLS instead of HTTP/1.1
  --warm-up DURATION           streams begin this long before anything is done (default: the length)
  --from 1.1.0|1.2.0           the release that runs (default: 1.1.0)
  --running-drain DURATION     how long its proxies may drain (default: what the release has)
  --replicas N                 proxies (default: 2)
  --nodes 1|2                  real nodes (default: 1; node-drain: 2)
  --helm 3|4                   (default: 4)
  --everything                 OTel collector, rate limiting and Redis as well
  --drain-timeout-seconds N    given to tare
`;

/** A flag that cannot be taken; the message is for whoever typed it. */
export class UsageError extends Error {}

/** `undefined` when the usage was asked for. */
export const parseOptions = (args: ReadonlyArray<string>): StreamsOptions | undefined => {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const end = args.indexOf("--");
  const more = end === -1 ? [] : args.slice(end + 1);
  if (positionals.length > more.length) throw new UsageError(`unexpected ${positionals[0]}`);
  const scenario = oneOf("scenario", values.scenario, Object.keys(SCENARIOS) as Scenario[]);
  const length = seconds("length", values.length) ?? DEFAULTS.length;
  const negative = scenario === "negative-control";
  const drain = values["drain-timeout-seconds"];
  return {
    scenario: scenario ?? DEFAULTS.scenario,
    clients: count("clients", values.clients) ?? DEFAULTS.clients,
    length,
    keepAlive: !values["no-keep-alive"],
    http2: values.http2 === true,
    from: oneOf("from", values.from, ["1.1.0", "1.2.0"]) ?? (negative ? "1.2.0" : DEFAULTS.from),
    runningDrain: seconds("running-drain", values["running-drain"]) ?? (negative ? 12 : undefined),
    replicas: count("replicas", values.replicas) ?? DEFAULTS.replicas,
    nodes: oneOf("nodes", values.nodes, ["1", "2"]) === "2" || scenario === "node-drain" ? 2 : 1,
    helm: oneOf("helm", values.helm, ["3", "4"]) === "3" ? "helm3" : "helm4",
    everything: values.everything === true,
    warmUp: seconds("warm-up", values["warm-up"]) ?? length,
    tare: [...(drain === undefined ? [] : ["--drain-timeout-seconds", drain]), ...more],
  };
};

const parsed = (args: ReadonlyArray<string>) => {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { ...flag, short: "h" },
        scenario: text,
        clients: text,
        length: text,
        "no-keep-alive": flag,
        http2: flag,
        "warm-up": text,
        from: text,
        "running-drain": text,
        replicas: text,
        nodes: text,
        helm: text,
        everything: flag,
        "drain-timeout-seconds": text,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const oneOf = <A extends string>(
  flag: string,
  value: string | undefined,
  allowed: ReadonlyArray<A>,
): A | undefined => {
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${flag} is one of ${allowed.join(", ")}`);
  return found;
};

const count = (flag: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`--${flag} is a whole number`);
  return number;
};

/** `100s`, `2m`, or seconds without a unit. */
const seconds = (flag: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const [, number, unit] = /^(\d+)(s|m|)$/.exec(value) ?? [];
  if (number === undefined) throw new UsageError(`--${flag} is a duration like 100s or 2m`);
  return Number(number) * (unit === "m" ? 60 : 1);
};
