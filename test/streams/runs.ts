/** The runs that together say whether an upgrade drops streams: `npm run streams:full`. */
export interface PlannedRun {
  readonly title: string;
  /** Flags of `npm run streams`. */
  readonly flags: string;
  readonly drops: "none" | "some";
}

const SHORT_DRAIN = "--from 1.2.0 --running-drain 12s --length 45s --drain-timeout-seconds 300";
const LONG_DRAIN = "--from 1.2.0 --running-drain 450s --drain-timeout-seconds 450";
const SHORT_STREAMS = "--length 25s --warm-up 10s";

export const RUNS: ReadonlyArray<PlannedRun> = [
  {
    title: "negative control: `kubectl rollout restart`, proxies that drain for 12 s",
    flags: "--scenario negative-control --length 45s",
    drops: "some",
  },
  { title: "1.1.0 → 1.2.0, defaults", flags: "", drops: "none" },
  { title: "the same with Helm 3", flags: "--helm 3", drops: "none" },
  { title: "the same with 4 proxies", flags: "--replicas 4", drops: "none" },
  { title: "the same over HTTP/2", flags: "--http2", drops: "none" },
  {
    title: "the same with OTel collector, rate limiting and Redis",
    flags: "--everything",
    drops: "none",
  },
  { title: "the same on two nodes", flags: "--nodes 2", drops: "none" },
  {
    title: "the same without keep-alive",
    flags: "--length 200s --no-keep-alive",
    drops: "none",
  },
  {
    title: "proxies that drain for 12 s, `--drain-timeout-seconds 300`",
    flags: SHORT_DRAIN,
    drops: "none",
  },
  { title: "the same with 4 proxies", flags: `${SHORT_DRAIN} --replicas 4`, drops: "none" },
  {
    title: "keep-alive, proxies that drain for 450 s, `--drain-timeout-seconds 450`",
    flags: `${LONG_DRAIN} --length 200s`,
    drops: "none",
  },
  {
    title: "rolled back: the proxy image does not exist",
    flags: `--scenario rollback-missing-image ${SHORT_STREAMS}`,
    drops: "none",
  },
  {
    title: "rolled back: the proxy crashes",
    flags: `--scenario rollback-crash ${SHORT_STREAMS}`,
    drops: "none",
  },
  {
    title: "rolled back: the proxy never becomes ready",
    flags: `--scenario rollback-never-ready ${SHORT_STREAMS}`,
    drops: "none",
  },
  { title: "Ctrl-C once a new proxy is ready", flags: "--scenario interrupt", drops: "none" },
  {
    title: "after an upgrade, `kubectl drain` of a proxy's node",
    flags: "--scenario node-drain",
    drops: "none",
  },
];
