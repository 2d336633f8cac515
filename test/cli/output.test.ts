/** What an operator sees, line by line. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Layer } from "effect";
import { TestConsole } from "effect/testing";
import type { DoctorReport } from "../../src/domain/events/doctor-report.ts";
import { MASKED, shownWhole } from "../../src/domain/fields/shown-value.ts";
import type { TakenFields } from "../../src/domain/fields/taken-fields.ts";
import { Gateway, type ObjectRef } from "../../src/domain/kube/objects.ts";
import type { UpgradePlan } from "../../src/domain/plan/upgrade-plan.ts";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { makeJsonOutput } from "../../src/render/json/ReporterJson.ts";
import { layerReporterTerminal, layerReporterText } from "../../src/render/text/ReporterText.ts";
import { COLOURED, PLAIN, renderText } from "../../src/render/text/text.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import { report } from "../../src/services/report/Reporter.ts";
import {
  crd,
  ENVOY_PROXY,
  FakeBackups,
  FakeCluster,
  GATEWAY,
  INSTALLED_VALUES,
  TARS_EGRESS,
  tarsChart,
  world,
} from "../fakes/index.ts";
import { NASTY, planted, rawIn } from "../hostile/text.ts";
import { runUpgradeCli } from "./support.ts";

const DISCOVERED = [
  "[1/5] Preflight (Helm / kubectl / cluster)",
  "[2/5] Discover existing release",
  "release tars found in tars-system",
  "cluster https://cluster.example:6443 (context prod), 1.1.0 → 1.2.0",
  'carried forward: registry="gcr.io/acme/tars" customer="acme" env="" otel=true',
];
const DRAIN =
  "drain 5m: safe for streams up to 5m; clients that reuse connections need twice their longest stream (safe up to 2m30s)";
const CRDS = [
  "Using embedded chart",
  "[4/5] Apply / update CRDs",
  "saved 2 CRDs as they were to /backups/crds-1.yaml",
  "1 created, 2 updated, 1 skipped",
  "[5/5] Helm upgrade",
];
const limiterStill = (found: string, asked: string): string => {
  const image = (version: string) => `gcr.io/acme/tars/ratelimit:ratelimit-${version}`;
  return `Envoy Gateway's envoy-ratelimit: 1/1 ready, image not updated yet (${image(found)} → ${image(asked)})`;
};
const RELEASE_ROLLS = [
  limiterStill("1.1.0", "1.2.0"),
  "release ai-gateway: 2/2 ready, 1 of 2 pods run the new template (ContainerCreating)",
  "release envoy-gateway: 2/2 ready, 1 of 2 pods run the new template (ContainerCreating)",
];
const RELEASE_ROLLS_BACK = ["ai-gateway", "envoy-gateway"].map(
  (name) =>
    `release ${name}: 2/2 ready, 1 of 2 pods run the template of before this run (ContainerCreating)`,
);
const RELEASE_IS_UP = [
  "Envoy Gateway's envoy-ratelimit: 1/1 ready, 1 draining",
  "release ai-gateway: 2/2 ready, 1 draining",
  "release envoy-gateway: 2/2 ready, 1 draining",
];
const STALE =
  "data plane egress: 2/2 ready, image not updated yet (gcr.io/acme/tars/envoy:envoy-1.1.0 → gcr.io/acme/tars/envoy:envoy-1.2.0)";
const EGRESS_ROLLS =
  "data plane egress: 2/2 ready, 1 of 2 pods run the new template (ContainerCreating)";
const NO_STREAMS = "streams: 0 open at the start, 0 cut";
const UPGRADED = [
  ...CRDS,
  "helm upgrade --install --atomic --wait, timeout 10m",
  STALE,
  ...RELEASE_ROLLS,
  ...RELEASE_IS_UP,
  "data plane egress: 2/2 ready, 2 draining",
  NO_STREAMS,
  "Upgrade completed.",
  "",
  "Rollback (if needed):",
  "helm rollback tars 1 -n tars-system --kube-context prod",
  "Inspect:",
  "kubectl get pods -n tars-system --context prod",
  "kubectl get pods -n tars-dataplane --context prod",
  "To restore the previous 2 CRDs (after a rollback, which does not restore them):",
  "kubectl replace -f /backups/crds-1.yaml --context prod",
  "",
  "1.1.0 → 1.2.0 as revision 2, 2 of 2 proxies ready, took 29s",
];

const SINGLE_REPLICA = { ...INSTALLED_VALUES, ha: { enabled: false } };

/** A second EnvoyProxy, with a single replica. */
const secondProxy = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  yield* cluster.seed(TARS_EGRESS.type, {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyProxy",
    metadata: { name: "second", namespace: "tars-system" },
    spec: { provider: { kubernetes: { envoyHpa: { minReplicas: 1 } } } },
  });
});

describe("the screen", () => {
  it.effect("of an upgrade that works", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runUpgradeCli();
      assert.strictEqual(code, 0);
      assert.deepStrictEqual(stdout, []);
      assert.deepStrictEqual(stderr, [
        ...DISCOVERED,
        "[3/5] HA preflight",
        "EnvoyProxy minReplicas=2 (HA)",
        DRAIN,
        ...UPGRADED,
      ]);
    }).pipe(Effect.provide(world())),
  );

  const moving = tarsChart({
    version: "1.2.0",
    crds: [crd(GATEWAY), crd({ ...ENVOY_PROXY, versions: ["v1alpha1", "v1beta1"] })],
  });

  it.effect("names one script where a stored version moved, however many steps it has", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runUpgradeCli();
      assert.strictEqual(code, 0);
      const [file, text] = [...(yield* (yield* FakeBackups).scripts)][0] ?? [];
      assert.deepStrictEqual(stderr.slice(-4, -2), [
        "To restore the previous 2 CRDs (after a rollback, which does not restore them). 1 CRD changed the storage version: the script migrates the stored objects.",
        `sh ${file}`,
      ]);
      assert.match(text ?? "", /kubectl patch crd envoyproxies.* --context prod/);
    }).pipe(Effect.provide(world({ chart: moving }))),
  );

  it.effect("tells the steps where the script could not be kept", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackups).refuseScripts;
      const { code, stderr } = yield* runUpgradeCli();
      assert.strictEqual(code, 0);
      assert.match(stderr.at(-3) ?? "", /^kubectl replace -f /);
      assert.isTrue(stderr.some((line) => line.startsWith("kubectl patch crd envoyproxies")));
    }).pipe(Effect.provide(world({ chart: moving }))),
  );

  it.effect("of a single replica is the product page's", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runUpgradeCli();
      assert.strictEqual(code, 12);
      assert.deepStrictEqual(stdout, []);
      assert.deepStrictEqual(stderr, [
        ...DISCOVERED,
        "warning: not carried forward, the chart's defaults will apply:",
        "  ha.enabled = false (keep it with --ha=false --allow-downtime)",
        "[3/5] HA preflight",
        "data-plane Envoy is single-replica (envoyHpa.minReplicas=1).",
        "Upgrading now will RST in-flight LLM streams.",
        "",
        "Fix HA first (idempotent, takes ~1m):",
        "tare install --ha identity.json",
        "",
        "Or force this upgrade with downtime:",
        "tare upgrade identity.json --allow-downtime",
      ]);
    }).pipe(Effect.provide(world({ values: SINGLE_REPLICA }))),
  );

  it.effect("of a single replica repeats which cluster it was about", () =>
    Effect.gen(function* () {
      const { stderr } = yield* runUpgradeCli(["--context", "prod", "--ha=false"]);
      assert.deepStrictEqual(stderr.slice(-5), [
        "Fix HA first (idempotent, takes ~1m):",
        "tare install --ha identity.json --context prod",
        "",
        "Or force this upgrade with downtime:",
        "tare upgrade identity.json --allow-downtime --ha=false --context prod",
      ]);
    }).pipe(Effect.provide(world({ values: SINGLE_REPLICA }))),
  );

  it.effect("of a rollout that fails says what, why and what next", () =>
    Effect.gen(function* () {
      const header = "Bearer given-otel-token-4711";
      const { code, stdout, stderr, everything } = yield* runUpgradeCli([
        ...["--kubeconfig", "/etc/kube config", "--context", "prod"],
        ...["--timeout", "12m", "--customer", "acme corp"],
        ...["--otel-exporter-auth-headers", header],
      ]);
      assert.strictEqual(code, 20);
      assert.deepStrictEqual(stdout, []);
      assert.notInclude(everything, header);
      const at = "--kubeconfig '/etc/kube config'";
      assert.deepStrictEqual(stderr, [
        ...DISCOVERED.slice(0, -1),
        'carried forward: registry="gcr.io/acme/tars" customer="acme corp" env="" otel=true',
        "[3/5] HA preflight",
        "EnvoyProxy minReplicas=2 (HA)",
        DRAIN,
        ...CRDS,
        "helm upgrade --install --atomic --wait, timeout 12m",
        "data plane egress: 2/2 ready, image not updated yet (gcr.io/acme/tars/envoy:envoy-1.1.0 → gcr.io/acme/tars/envoy:crash-loop)",
        ...RELEASE_ROLLS,
        ...RELEASE_IS_UP,
        "data plane egress: 2/2 ready, 1 of 2 pods run the new template (CrashLoopBackOff: exit code 1)",
        "failure report: /home/operator/.tare/reports/tars-revision-2.txt",
        "warning: pod tars-dataplane/egress-g46zwdlbb-xmbnw, container envoy (image gcr.io/acme/tars/envoy:crash-loop) keeps crashing: CrashLoopBackOff: exit code 1, restarted 3 times",
        "rolling back to revision 1",
        "data plane egress: 2/2 ready, image not updated yet (gcr.io/acme/tars/envoy:crash-loop → gcr.io/acme/tars/envoy:envoy-1.1.0) (CrashLoopBackOff: exit code 1, restarted 3 times)",
        limiterStill("1.2.0", "1.1.0"),
        ...RELEASE_ROLLS_BACK,
        "data plane egress: 2/2 ready, 1 draining",
        ...RELEASE_IS_UP,
        NO_STREAMS,
        "upgrade failed (revision 2); rolled back to revision 1 (recorded as revision 3) and verified",
        "pod tars-dataplane/egress-g46zwdlbb-xmbnw, container envoy (image gcr.io/acme/tars/envoy:crash-loop) keeps crashing: CrashLoopBackOff: exit code 1, restarted 3 times",
        "",
        "See the release's history:",
        `helm history tars -n tars-system --kube-context prod ${at}`,
        "",
        "Inspect:",
        `kubectl get pods -n tars-system --context prod ${at}`,
        `kubectl get pods -n tars-dataplane --context prod ${at}`,
        "",
        "Then run the upgrade again:",
        `tare upgrade identity.json --timeout 12m --otel-exporter-auth-headers @HEADER_FILE --customer 'acme corp' ${at} --context prod`,
        "",
        "CRDs that this run wrote stay as they are now: 1 created, 2 updated.",
        "",
        "To restore the previous 2 CRDs (after a rollback, which does not restore them):",
        `kubectl replace -f /backups/crds-1.yaml --context prod ${at}`,
      ]);
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) })),
    ),
  );

  it.effect("does not take the pods that an earlier run left for those of the new template", () =>
    Effect.gen(function* () {
      const left = yield* runUpgradeCli(["--no-atomic", "--image-tag", "no-such-image"]);
      assert.strictEqual(left.code, 22);
      const { code, stderr } = yield* runUpgradeCli(["--image-tag", "good"]);
      assert.strictEqual(code, 0);
      const troubles = stderr.filter((line) => line.includes("ImagePullBackOff"));
      assert.notMatch(troubles.join("\n"), /the new template/);
      assert.match(
        troubles.join("\n"),
        /egress: 2\/2 ready, 1 of 2 pods run the template of before this run \(ImagePullBackOff/,
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("names the kubeconfig that KUBECONFIG chose", () =>
    Effect.gen(function* () {
      const { stderr } = yield* runUpgradeCli([], { kubeconfig: "/etc/kube/prod" });
      assert.include(
        stderr,
        "helm rollback tars 1 -n tars-system --kube-context prod --kubeconfig /etc/kube/prod",
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("names all kubeconfigs where KUBECONFIG has several, which no flag can", () =>
    Effect.gen(function* () {
      const { stderr } = yield* runUpgradeCli([], { kubeconfig: "/etc/kube/a:/etc/kube/b c" });
      assert.include(
        stderr,
        "KUBECONFIG='/etc/kube/a:/etc/kube/b c' helm rollback tars 1 -n tars-system --kube-context prod",
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("names neither kubeconfig nor context in a pod with its own account", () =>
    Effect.gen(function* () {
      const { server } = yield* Effect.flatMap(Kubectl, ({ target }) => target);
      const inPod = Effect.updateService(Kubectl, (kubectl) =>
        Kubectl.of({ ...kubectl, target: Effect.succeed({ context: undefined, server }) }),
      );
      const { stderr } = yield* inPod(runUpgradeCli([], { kubeconfig: "/nobody/made/it" }));
      assert.include(stderr, "helm rollback tars 1 -n tars-system");
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    ["given as a flag", ["--kubeconfig", "/dev/fd/63"], {}],
    ["in KUBECONFIG", [], { kubeconfig: "/dev/fd/63" }],
    ["one of several", [], { kubeconfig: "/etc/kube/a:/proc/self/fd/12" }],
    ["on stdin", ["--kubeconfig", "/dev/stdin"], { kubeconfig: "/etc/kube/other" }],
  ] as const)("names no kubeconfig that came through a pipe: %s", ([, flags, given]) =>
    Effect.gen(function* () {
      const done = yield* runUpgradeCli(flags, given);
      assert.include(done.stderr, "helm rollback tars 1 -n tars-system --kube-context prod");
      assert.match(done.stderr.at(-3) ?? "", /^The kubeconfig came through a pipe/);
      const again = yield* runUpgradeCli([...flags, "--chart-path", "./no-chart"], given);
      assert.strictEqual(again.code, 23);
      assert.include(again.stderr, "tare upgrade identity.json --chart-path ./no-chart");
      assert.notMatch(again.stderr.join("\n"), /\/fd\/|\/dev\/stdin/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("repeats every flag that was given, in a command that can be pasted", () =>
    Effect.gen(function* () {
      const flags = [
        ...["--allow-downtime", "--ha=false", "--drain-timeout-seconds", "10", "--no-atomic"],
        ...["--timeout", "2m", "--enable-otel-collector=false"],
        ...["--otel-collector-endpoint", "https://otlp.example:4318", "--strict-values"],
        ...["--chart-path", "./no-chart", "--image-registry", "r.example/x"],
        ...["--image-tag", "1.2.1", "--deployment-mode", "saas", "--customer", "acme"],
        ...["--environment", "eu", "--serve-url", "https://x.example", "--redis-type", "hosted"],
        ...["--no-rate-limiting", "--skip-preflight", "--settle-time", "20s"],
      ];
      const { code, stderr } = yield* runUpgradeCli(flags);
      assert.strictEqual(code, 23);
      assert.deepStrictEqual(stderr.slice(-5), [
        "chart ./no-chart cannot be used; nothing was changed",
        'path "./no-chart" not found',
        "",
        "Fix the cause, then run:",
        `tare upgrade identity.json ${flags.join(" ")}`,
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("of several EnvoyProxies names the one that decides", () =>
    Effect.gen(function* () {
      yield* secondProxy;
      const refused = yield* runUpgradeCli();
      assert.strictEqual(refused.code, 12);
      assert.deepStrictEqual(refused.stderr.slice(DISCOVERED.length, -6), [
        "[3/5] HA preflight",
        "data-plane Envoy is single-replica (envoyHpa.minReplicas=1, EnvoyProxy second, the lowest of 2).",
        "Upgrading now will RST in-flight LLM streams.",
      ]);
      const forced = yield* runUpgradeCli(["--allow-downtime"]);
      assert.strictEqual(forced.code, 0);
      assert.deepStrictEqual(forced.stderr, [
        ...DISCOVERED,
        "[3/5] HA preflight",
        "EnvoyProxy minReplicas=1 (single replica, lowest of 2 EnvoyProxies: second)",
        "warning: --allow-downtime: in-flight LLM streams will be dropped",
        DRAIN,
        // Which of them shapes the pods is not to be told without a GatewayClass.
        ...UPGRADED.filter((line) => line !== STALE).flatMap((line) =>
          line === RELEASE_ROLLS.at(-1) ? [line, EGRESS_ROLLS] : [line],
        ),
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("of values that are lost lists them, secrets masked", () =>
    Effect.gen(function* () {
      const { code, stderr, everything } = yield* runUpgradeCli(["--allow-reach-change"]);
      assert.strictEqual(code, 0);
      assert.notInclude(everything, "hunter2");
      assert.deepStrictEqual(stderr, [
        ...DISCOVERED,
        "warning: not carried forward, the chart's defaults will apply:",
        '  redis.type = "hosted" (keep it with --redis-type hosted)',
        "  redis.password = *** (keep it with --keep redis.password)",
        '  custom.colour = "teal" (keep it with --keep custom.colour)',
        "[3/5] HA preflight",
        "EnvoyProxy minReplicas=2 (HA)",
        DRAIN,
        ...UPGRADED,
      ]);
    }).pipe(
      Effect.provide(
        world({
          values: {
            ...INSTALLED_VALUES,
            redis: { type: "hosted", password: "hunter2-hunter2" },
            custom: { colour: "teal" },
          },
        }),
      ),
    ),
  );

  it.effect("in colour differs from the plain one in its colours alone", () =>
    Effect.gen(function* () {
      const run = (paint: typeof PLAIN) =>
        runUpgradeCli([], { paint }).pipe(
          Effect.provide(world({ values: SINGLE_REPLICA }), { local: true }),
        );
      const plain = (yield* run(PLAIN)).stderr.join("\n");
      const coloured = (yield* run(COLOURED)).stderr.join("\n");
      assert.notInclude(plain, ESCAPE);
      assert.include(
        coloured,
        `${ESCAPE}[1m[1/5] Preflight (Helm / kubectl / cluster)${ESCAPE}[22m`,
      );
      assert.include(coloured, `${ESCAPE}[33mwarning:${ESCAPE}[39m not carried forward`);
      assert.include(
        coloured,
        `${ESCAPE}[31mdata-plane Envoy is single-replica (envoyHpa.minReplicas=1).${ESCAPE}[39m`,
      );
      assert.strictEqual(withoutColours(coloured), plain);
    }),
  );
});

const ESCAPE = "\u001b";
const withoutColours = (text: string): string =>
  text
    .split(ESCAPE)
    .map((part, index) => (index === 0 ? part : part.replace(/^\[\d+m/, "")))
    .join("");

const PHASE = { id: "discover", title: "Discover existing release", index: 2, total: 5 };
const RELEASE = { name: "tars", namespace: "tars-system" };
const FOUND = {
  _tag: "ReleaseFound",
  release: RELEASE,
  revision: 7,
  server: "https://cluster.example:6443",
  fromVersion: "1.1.0",
  toVersion: "1.2.0",
} as const;
const HA = { _tag: "HighlyAvailable", minReplicas: 2, envoyProxy: "tars-egress" } as const;
const SINGLE = { _tag: "SingleReplica", minReplicas: 1, envoyProxy: "tars-egress" } as const;
const HINTS = [{ title: "Look:", commands: ["helm list", "kubectl get pods"] }];

const INSTALLED = {
  _tag: "ToolInstalled",
  tool: "helm",
  version: "4.2.4",
  path: "/home/me/.tare/tools/helm/4.2.4/helm",
  sha256: "00",
} as const;

const TAKEN: ReadonlyArray<TakenFields> = [
  {
    kind: "Deployment",
    namespace: "tars-system",
    name: "envoy-gateway",
    fields: [
      {
        path: "spec.replicas",
        owner: "kubectl",
        before: shownWhole("3"),
        after: shownWhole("2"),
        returns: false,
      },
      {
        path: "spec.paused",
        owner: undefined,
        before: undefined,
        after: shownWhole("true"),
        returns: false,
      },
    ],
  },
  {
    kind: "GatewayClass",
    namespace: undefined,
    name: "tars-egress",
    fields: [
      {
        path: "spec.description",
        owner: "x-operator",
        before: shownWhole('"a"'),
        after: shownWhole('"b"'),
        returns: true,
      },
    ],
  },
];

const TAKEN_LINES = [
  "  Deployment tars-system/envoy-gateway",
  "      spec.replicas: 3 → 2 (set by kubectl)",
  "      spec.paused: (none) → true (removed by hand)",
  "  GatewayClass tars-egress",
  '      spec.description: "a" → "b" (set by x-operator, which may set it again)',
];

const EMPTY_PLAN: UpgradePlan = {
  isFirst: false,
  fromVersion: "1.2.0",
  toVersion: "1.2.0",
  values: [],
  crds: [],
  objects: [],
  taken: [],
  images: [],
  rolls: [],
  hooks: [],
  identityChanges: false,
  budget: { timeout: "10m", drain: "5m", replicas: 2 },
  limits: [],
};

const IDLE_DOCTOR: DoctorReport = {
  dryRun: false,
  added: [],
  forwarded: [],
  rejected: [],
  kept: [],
  stoppedBecause: undefined,
  removed: 0,
  leftAlone: undefined,
};

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const imageNamed = (name: string) => ({
  name,
  source: `docker.io/acme/${name}:1`,
  target: `registry.example.com/tars/${name}:1`,
});
const LOOKED_AT = {
  registry: "registry.example.com/tars",
  standings: [
    { image: imageNamed("a"), state: { _tag: "Present", digest: digestOf("a") } },
    { image: imageNamed("b"), state: { _tag: "Uncompared", digest: digestOf("b") } },
    { image: imageNamed("c"), state: { _tag: "Missing", digest: digestOf("c") } },
    {
      image: imageNamed("d"),
      state: { _tag: "Other", digest: digestOf("d"), found: digestOf("e") },
    },
    {
      image: imageNamed("e"),
      state: {
        _tag: "Problem",
        problem: { trouble: "no-image", reference: "docker.io/acme/e:1", detail: "" },
      },
    },
  ],
} as const;
const EGRESS_GATEWAY: ObjectRef = { type: Gateway, name: "egress", namespace: "tars-dataplane" };

type Sample<E extends ReportEvent> = readonly [event: E, ...lines: ReadonlyArray<string>];

/** Every event there is, in each of its shapes: one that is added without a sample does not compile. */
const SAMPLES: {
  readonly [T in ReportEvent["_tag"]]: ReadonlyArray<Sample<Extract<ReportEvent, { _tag: T }>>>;
} = {
  ChartNotes: [
    [
      { _tag: "ChartNotes", revision: 2, notes: "TARS data plane 1.2.0\n\nproxy-url stays" },
      "notes of the chart:",
      "  TARS data plane 1.2.0",
      "",
      "  proxy-url stays",
    ],
  ],
  ImagesListed: [
    [
      {
        ...{ _tag: "ImagesListed", origin: "embedded chart", version: "1.2.0" },
        references: ["docker.io/library/redis:8"],
      },
    ],
  ],
  ImagesLookedAt: [
    [
      { _tag: "ImagesLookedAt", ...LOOKED_AT, purpose: "sync", overwrite: false },
      "5 images for registry.example.com/tars, 2 there already",
      "registry.example.com/tars/b:1  there (sha256:bbbbbbbbbbbb); docker.io/acme/b:1 cannot be asked whether it is the same",
    ],
    [
      { _tag: "ImagesLookedAt", ...LOOKED_AT, purpose: "dry-run", overwrite: true },
      "registry.example.com/tars/a:1  there (sha256:aaaaaaaaaaaa)",
      "registry.example.com/tars/b:1  there (sha256:bbbbbbbbbbbb); docker.io/acme/b:1 cannot be asked whether it is the same",
      "docker.io/acme/c:1 → registry.example.com/tars/c:1  to copy (sha256:cccccccccccc)",
      "docker.io/acme/d:1 → registry.example.com/tars/d:1  to replace (sha256:eeeeeeeeeeee, not sha256:dddddddddddd)",
      "docker.io/acme/e:1: there is no such image",
    ],
    [
      {
        ...{ _tag: "ImagesLookedAt", registry: "r.example.com", purpose: "verify" },
        ...{ overwrite: false, standings: LOOKED_AT.standings.slice(3, 4) },
      },
      "docker.io/acme/d:1 → registry.example.com/tars/d:1  another image is there (sha256:eeeeeeeeeeee, not sha256:dddddddddddd)",
    ],
  ],
  ImageCopyStarted: [
    [
      { _tag: "ImageCopyStarted", source: "docker.io/acme/c:1", target: "r.example.com/c:1" },
      "copying docker.io/acme/c:1 → r.example.com/c:1",
    ],
  ],
  ImageCopyGoesOn: [
    [
      { _tag: "ImageCopyGoesOn", target: "r.example.com/c:1", millis: 120_000 },
      "still copying r.example.com/c:1 (2m)",
    ],
  ],
  ImageCopied: [
    [
      {
        ...{ _tag: "ImageCopied", target: "r.example.com/c:1" },
        ...{ digest: digestOf("c"), millis: 61_400 },
      },
      "copied r.example.com/c:1 in 1m1s (sha256:cccccccccccc)",
    ],
  ],
  ImageNotCopied: [
    [
      {
        _tag: "ImageNotCopied",
        problem: { trouble: "denied", reference: "r.example.com/c:1", detail: "DENIED" },
      },
      "not copied: r.example.com/c:1: this account may not do that, or nobody is logged in (DENIED)",
    ],
  ],
  ImagesSynced: [
    [
      { _tag: "ImagesSynced", registry: "r.example.com", copied: 3, present: 5 },
      "r.example.com has all 8 images: 3 copied, 5 there before",
    ],
  ],
  DoctorTicked: [
    [
      { _tag: "DoctorTicked", release: DEFAULT_RELEASE, report: IDLE_DOCTOR },
      "release tars in tars-system: nothing to do",
    ],
    [
      {
        _tag: "DoctorTicked",
        release: DEFAULT_RELEASE,
        report: {
          ...IDLE_DOCTOR,
          added: [{ name: "a", operation: "rollback", revision: 3 }],
          forwarded: [{ name: "tare-event-upgrade-1" }],
          rejected: [{ name: "b", operation: "upgrade", reason: { _tag: "Foreign" } }],
          removed: 2,
          leftAlone: { _tag: "AtWork", holder: "me@host" },
        },
        sendAgain: "kubectl label configmaps",
      },
      "release tars in tars-system",
      "added missing history rows: 1",
      "  rollback of revision 3",
      "forwarded: 1",
      "  tare-event-upgrade-1",
      "rejected by the management plane: 1",
      "  upgrade (b): it is of another workspace or release",
      "  To have all rejected ones sent again:",
      "  kubectl label configmaps",
      "removed old events: 2",
      "history left alone: me@host is working on the release",
    ],
    [
      {
        _tag: "DoctorTicked",
        release: DEFAULT_RELEASE,
        report: {
          ...IDLE_DOCTOR,
          dryRun: true,
          forwarded: Array.from({ length: 21 }, (_, index) => ({ name: `event-${index}` })),
          kept: [{ name: "c" }],
          stoppedBecause: { _tag: "OutOfTime" },
        },
      },
      "release tars in tars-system",
      "would forward: 21",
      ...Array.from({ length: 20 }, (_, index) => `  event-${index}`),
      "  and 1 more",
      "pending (will retry): 1",
      "  c",
    ],
  ],
  HistoryRead: [
    [
      {
        _tag: "HistoryRead",
        release: DEFAULT_RELEASE,
        rows: [
          {
            revision: 1,
            operation: "install",
            status: "success",
            fromVersion: undefined,
            toVersion: "1.1.0",
            startedAt: "2026-01-02T03:04:05Z",
            finishedAt: undefined,
            seconds: undefined,
            cause: undefined,
            actor: undefined,
            streams: undefined,
            reported: "unreported",
          },
        ],
      },
    ],
  ],
  PhaseStarted: [[{ _tag: "PhaseStarted", phase: PHASE }, "[2/5] Discover existing release"]],
  PhaseFinished: [
    [{ _tag: "PhaseFinished", phase: PHASE, millis: 12, succeeded: true }],
    [{ _tag: "PhaseFinished", phase: PHASE, millis: 12, succeeded: false }],
  ],
  Planned: [
    [
      { _tag: "Planned", plan: EMPTY_PLAN },
      "No changes: the release already matches 1.2.0 with these values.",
    ],
    [
      {
        _tag: "Planned",
        plan: {
          ...EMPTY_PLAN,
          isFirst: false,
          fromVersion: "1.1.0",
          values: [
            { path: "a", fate: "kept", before: shownWhole("1"), after: shownWhole("1") },
            {
              path: "redis.type",
              fate: "lost",
              before: shownWhole('"hosted"'),
              after: shownWhole('"cluster"'),
              keepWith: "--redis-type hosted",
            },
            { path: "new", fate: "new default", before: undefined, after: shownWhole("2") },
          ],
          crds: [
            { name: "a.example", verdict: "create" },
            { name: "b.example", verdict: "kept", keptBy: { _tag: "Platform", platform: "GKE" } },
            { name: "c.example", verdict: "unchanged" },
          ],
          objects: [
            { action: "create", kind: "Job", namespace: "n", name: "j", fields: [] },
            {
              action: "change",
              kind: "ClusterRole",
              namespace: undefined,
              name: "r",
              fields: [
                { path: "rules[0].verbs[0]", before: shownWhole('"get"'), after: undefined },
              ],
            },
            {
              action: "refused",
              kind: "Service",
              namespace: "n",
              name: "s",
              fields: [],
              why: "no",
            },
          ],
          images: [{ before: "a:1", after: "a:2", usedBy: ["Deployment d"] }],
          rolls: [
            {
              workload: { kind: "Deployment", name: "d" },
              namespace: "n",
              pods: 2,
              why: { _tag: "Template", field: "spec.containers[d].image", more: 0 },
            },
            {
              workload: { kind: "DaemonSet", name: "e" },
              namespace: "n",
              pods: undefined,
              why: { _tag: "Template", field: "x", more: 0 },
            },
          ],
          hooks: ["Job certgen"],
          identityChanges: true,
          limits: [{ _tag: "Object", object: "Secret n/s", detail: "forbidden" }],
        },
      },
      "plan for 1.1.0 → 1.2.0 (dry run)",
      "",
      "Values:",
      "  kept  a           1",
      '  lost  redis.type  "hosted" → "cluster" (keep it with --redis-type hosted)',
      "  and 1 value new in this chart",
      "",
      "CRDs:",
      "  create  a.example",
      "  kept    b.example: managed by GKE",
      "  1 unchanged",
      "",
      "Objects:",
      "  create Job n/j",
      "  change ClusterRole r",
      '      rules[0].verbs[0]: "get" → (none)',
      "  refused Service n/s: no",
      "  change Secret tars-identity: from the identity file",
      "",
      "Hooks that run:",
      "  Job certgen",
      "",
      "Images:",
      "  a:1 → a:2 (Deployment d)",
      "",
      "Pods that will be replaced:",
      "  Deployment d in n: 2 pods (spec.containers[d].image)",
      "  DaemonSet e in n: a pod on each node (x)",
      "",
      "Budget:",
      "  --timeout 10m; draining 2 data-plane pods for up to 5m each",
      "",
      "Not known:",
      "  Secret n/s: forbidden",
    ],
  ],
  PreflightSkipped: [[{ _tag: "PreflightSkipped" }, "skipped (--skip-preflight)"]],
  ReleaseFound: [
    [
      { ...FOUND, context: "prod" },
      "release tars found in tars-system",
      "cluster https://cluster.example:6443 (context prod), 1.1.0 → 1.2.0",
    ],
    [
      { ...FOUND, context: undefined },
      "release tars found in tars-system",
      "cluster https://cluster.example:6443, 1.1.0 → 1.2.0",
    ],
  ],
  CarriedForward: [
    [
      {
        _tag: "CarriedForward",
        carried: { registry: '"r"', customer: '"c"', environment: '""', otel: "true" },
        paths: ["a.b"],
      },
      'carried forward: registry="r" customer="c" env="" otel=true',
    ],
  ],
  ValuesLost: [
    [
      {
        _tag: "ValuesLost",
        lost: [
          { path: "redis.type", shown: shownWhole('"hosted"'), keepWith: "--redis-type hosted" },
          { path: "redis.password", shown: MASKED, keepWith: "--keep redis.password" },
          { path: "global.imageTag", shown: shownWhole('"$(x)"'), keepWith: "--image-tag $(x)" },
        ],
      },
      "warning: not carried forward, the chart's defaults will apply:",
      '  redis.type = "hosted" (keep it with --redis-type hosted)',
      "  redis.password = *** (keep it with --keep redis.password)",
      "  global.imageTag = \"$(x)\" (keep it with --image-tag '$(x)')",
    ],
  ],
  HaChecked: [
    [
      { _tag: "HaChecked", verdict: { ...HA, outOf: 1 }, allowDowntime: false },
      "EnvoyProxy minReplicas=2 (HA)",
    ],
    [
      { _tag: "HaChecked", verdict: { ...HA, outOf: 3 }, allowDowntime: true },
      "EnvoyProxy minReplicas=2 (HA, lowest of 3 EnvoyProxies: tars-egress)",
    ],
    [
      { _tag: "HaChecked", verdict: { ...SINGLE, outOf: 1 }, allowDowntime: false },
      "EnvoyProxy minReplicas=1 (single replica)",
    ],
    [
      { _tag: "HaChecked", verdict: { ...SINGLE, outOf: 2 }, allowDowntime: true },
      "EnvoyProxy minReplicas=1 (single replica, lowest of 2 EnvoyProxies: tars-egress)",
      "warning: --allow-downtime: in-flight LLM streams will be dropped",
    ],
    [
      {
        _tag: "HaChecked",
        verdict: { _tag: "Unknown", why: { _tag: "NoEnvoyProxy" } },
        allowDowntime: false,
      },
      "warning: HA preflight skipped (no EnvoyProxy resource found): verify that the data plane has at least two replicas",
    ],
  ],
  DrainChecked: [[{ _tag: "DrainChecked", asked: Duration.seconds(300), running: [] }, DRAIN]],
  StreamsProgress: [[{ _tag: "StreamsProgress", draining: [{ pod: "egress-a", streams: 3 }] }]],
  StreamsCounted: [
    [
      {
        _tag: "StreamsCounted",
        outcome: {
          _tag: "Counted",
          tally: { openAtStart: 23, cut: [], stillOpen: [], uncounted: 0 },
        },
      },
      "streams: 23 open at the start, 0 cut",
    ],
    [
      {
        _tag: "StreamsCounted",
        outcome: {
          _tag: "Counted",
          tally: {
            openAtStart: 23,
            cut: [
              { pod: "egress-a", streams: 7, by: "proxy", drainSeconds: 60 },
              { pod: "egress-b", streams: 2, by: "proxy" },
              { pod: "egress-b", streams: 4, by: "listener" },
            ],
            stillOpen: [{ pod: "egress-c", streams: 2 }],
            uncounted: 1,
          },
        },
      },
      "streams: 23 open at the start, 13 cut: 7 of egress-a (its drain of 1m was over), 2 of egress-b, 4 of egress-b (its listener was replaced); still open on proxies that drain: 2 on egress-c; 1 proxy could not be counted",
    ],
    [
      { _tag: "StreamsCounted", outcome: { _tag: "NotCounted", why: "read: forbidden" } },
      "streams: not counted: read: forbidden",
    ],
  ],
  ChartChosen: [
    [
      { _tag: "ChartChosen", origin: "embedded chart", embedded: true, version: "1.2.0" },
      "Using embedded chart",
    ],
    [
      { _tag: "ChartChosen", origin: "./charts/tars", embedded: false, version: "1.2.0" },
      "Using chart ./charts/tars",
    ],
  ],
  CrdWritten: [[{ _tag: "CrdWritten", crd: "a.example", isNew: true }]],
  FieldsTaken: [
    [
      { _tag: "FieldsTaken", taken: TAKEN },
      "warning: set by others on the cluster; the upgrade changes it (--on-conflict=refuse stops instead):",
      ...TAKEN_LINES,
    ],
  ],
  CrdsBackedUp: [
    [{ _tag: "CrdsBackedUp", backup: { restorable: undefined, migrateFirst: undefined } }],
    [
      {
        _tag: "CrdsBackedUp",
        backup: { restorable: { file: "/b/1.yaml", crds: ["a", "b"] }, migrateFirst: undefined },
      },
      "saved 2 CRDs as they were to /b/1.yaml",
    ],
    [
      {
        _tag: "CrdsBackedUp",
        backup: {
          restorable: { file: "/b/1.yaml", crds: ["a"] },
          migrateFirst: {
            file: "/b/2.yaml",
            migrations: [{ crd: "b", storedIn: "v1", steps: [] }],
          },
        },
      },
      "saved 1 CRD as it was to /b/1.yaml",
      "saved 1 CRD as it was to /b/2.yaml (storage version changes: restoring needs a migration)",
    ],
  ],
  CrdsApplied: [
    [
      { _tag: "CrdsApplied", counts: { created: 3, updated: 12, skipped: 4 } },
      "3 created, 12 updated, 4 skipped",
    ],
  ],
  InstallationPrepared: [
    [
      {
        _tag: "InstallationPrepared",
        summary: {
          release: RELEASE,
          dataplaneNamespace: "tars-dataplane",
          context: "prod",
          server: "https://cluster.example:6443",
          chart: "embedded chart",
          version: "1.2.0",
          registry: "gcr.io/acme/tars",
          customer: "acme",
          environment: "prod",
          deploymentMode: "saas",
          serveUrl: "https://llm.acme.example",
          pullSecret: "tars-image-pull",
          ha: true,
          changes: undefined,
        },
      },
      "installing 1.2.0 (embedded chart) as release tars in tars-system, data plane in tars-dataplane",
      "cluster https://cluster.example:6443 (context prod)",
      "registry gcr.io/acme/tars, customer acme, environment prod, saas, HA",
      "clients reach it at https://llm.acme.example",
      "images are pulled with Secret tars-image-pull",
    ],
    [
      {
        _tag: "InstallationPrepared",
        summary: {
          release: RELEASE,
          dataplaneNamespace: "tars-dataplane",
          context: undefined,
          server: "https://cluster.example:6443",
          chart: "embedded chart",
          version: "1.2.0",
          registry: "",
          customer: "",
          environment: "",
          deploymentMode: "",
          serveUrl: "",
          pullSecret: "",
          ha: false,
          changes: 3,
        },
      },
      "changing release tars in tars-system (revision 3), version 1.2.0 stays",
      "cluster https://cluster.example:6443",
      "public registries, one proxy, not HA",
    ],
  ],
  NothingToDo: [
    [
      {
        ...{ _tag: "NothingToDo", release: RELEASE, revision: 3, version: "1.2.0" },
        after: "nothing",
      },
      "nothing to do: release tars runs 1.2.0 with these values (revision 3)",
    ],
    [
      {
        ...{ _tag: "NothingToDo", release: RELEASE, revision: 3, version: "1.2.0" },
        after: "secrets",
      },
      "nothing else to do: release tars runs 1.2.0 with these values (revision 3)",
    ],
  ],
  NamespacePrepared: [
    [
      { _tag: "NamespacePrepared", namespace: "tars-dataplane", isNew: true },
      "namespace tars-dataplane created",
    ],
    [
      { _tag: "NamespacePrepared", namespace: "tars-dataplane", isNew: false },
      "namespace tars-dataplane labelled for Pod Security",
    ],
  ],
  SecretWritten: [
    [
      { _tag: "SecretWritten", namespace: "tars-dataplane", name: "tars-image-pull" },
      "Secret tars-dataplane/tars-image-pull written",
    ],
  ],
  ServeUrlRegistered: [
    [
      { _tag: "ServeUrlRegistered", serveUrl: "https://llm.acme.example" },
      "serve URL https://llm.acme.example registered with the management plane",
    ],
  ],
  ReadyForHelm: [
    [
      {
        _tag: "ReadyForHelm",
        valuesFile: "values.yaml",
        hints: [{ title: "Then:", commands: ["helm upgrade"] }],
      },
      ...["values written to values.yaml", "", "Then:", "helm upgrade"],
    ],
    [{ _tag: "ReadyForHelm", valuesFile: undefined, hints: [] }, ""],
  ],
  RemovalStarted: [
    [
      { _tag: "RemovalStarted", release: RELEASE, why: "egress: not ready" },
      "warning: egress: not ready",
      "removing release tars from tars-system",
    ],
  ],
  UninstallPlanned: [
    [
      {
        _tag: "UninstallPlanned",
        plan: {
          release: RELEASE,
          dataplaneNamespace: "tars-dataplane",
          revision: { revision: 2, version: "1.2.0" },
          customResources: [EGRESS_GATEWAY],
          objects: [],
          namespaces: [
            { name: "tars-dataplane", verdict: { _tag: "Delete" } },
            { name: "tars-system", verdict: { _tag: "Stays", why: { _tag: "NotOurs" } } },
          ],
          crds: [
            { name: "a.example", verdict: { _tag: "Delete" } },
            { name: "b.example", verdict: { _tag: "Stays", why: { _tag: "Shared" } } },
          ],
          users: [],
        },
        context: "prod",
        server: "https://cluster.example:6443",
        dryRun: true,
      },
      "would uninstall release tars in tars-system (version 1.2.0, revision 2), data plane in tars-dataplane",
      "cluster https://cluster.example:6443 (context prod)",
      "custom resources to delete: Gateway tars-dataplane/egress",
      "namespaces to delete: tars-dataplane",
      "1 CRD to delete",
      "namespace tars-system stays: neither tare nor the chart made it",
      "CRD b.example stays: of the Gateway API, which others may use (--delete-shared-crds)",
    ],
  ],
  ObjectsDeleted: [
    [
      { _tag: "ObjectsDeleted", what: "custom-resources", objects: [EGRESS_GATEWAY] },
      "Gateway tars-dataplane/egress deleted",
    ],
    [
      { _tag: "ObjectsDeleted", what: "objects", objects: Array(13).fill(EGRESS_GATEWAY) },
      `13 objects deleted: ${Array(5).fill("Gateway tars-dataplane/egress").join(", ")} and 8 more`,
    ],
    [
      { _tag: "ObjectsDeleted", what: "crds", objects: [EGRESS_GATEWAY, EGRESS_GATEWAY] },
      "2 CRDs deleted",
    ],
  ],
  ReleaseGone: [
    [{ _tag: "ReleaseGone", release: RELEASE }, "Helm has no record of release tars any more"],
  ],
  HelmUninstallStarted: [
    [
      { _tag: "HelmUninstallStarted", release: RELEASE, timeout: "10m" },
      "helm uninstall tars, timeout 10m",
    ],
  ],
  EventsSent: [
    [{ _tag: "EventsSent", count: 1 }, "1 event sent to the management plane"],
    [{ _tag: "EventsSent", count: 2 }, "2 events sent to the management plane"],
  ],
  FinalizersFound: [
    [
      {
        _tag: "FinalizersFound",
        held: [{ object: EGRESS_GATEWAY, finalizers: ["example.com/stuck"] }],
      },
      "taken away: Gateway tars-dataplane/egress (held by example.com/stuck)",
    ],
  ],
  Uninstalled: [
    [
      {
        _tag: "Uninstalled",
        release: RELEASE,
        isUnchanged: true,
        remains: { namespaces: [], crds: [], users: [], events: 0 },
        hints: [],
      },
      "nothing to uninstall: there is no release tars in tars-system",
    ],
    [
      {
        _tag: "Uninstalled",
        release: RELEASE,
        isUnchanged: false,
        remains: {
          namespaces: [
            {
              name: "tars-system",
              verdict: { _tag: "Stays", why: { _tag: "EventsWait", count: 1 } },
            },
          ],
          crds: [
            { name: "a.example", verdict: { _tag: "Stays", why: { _tag: "Asked" } } },
            { name: "b.example", verdict: { _tag: "Stays", why: { _tag: "Asked" } } },
          ],
          users: [
            {
              object: EGRESS_GATEWAY,
              why: { _tag: "InNamespace", namespace: "tars-dataplane" },
            },
          ],
          events: 1,
        },
        hints: [],
      },
      "Uninstallation completed.",
      "namespace tars-system stays: 1 event waits in it for the management plane",
      "2 CRDs stay: --keep-crds",
      "Gateway tars-dataplane/egress was made by others in tars-dataplane: it stays",
      "Not undone: the URL is still registered with the management plane, the identity is valid, and backups and reports of this machine are kept.",
    ],
  ],
  HelmUpgradeStarted: [
    [
      {
        _tag: "HelmUpgradeStarted",
        release: RELEASE,
        chartVersion: "1.2.0",
        timeout: "10m",
        atomic: true,
        waits: true,
      },
      "helm upgrade --install --atomic --wait, timeout 10m",
    ],
    [
      {
        ...{ _tag: "HelmUpgradeStarted", release: RELEASE, chartVersion: "1.2.0" },
        ...{ timeout: "10m", atomic: false, waits: false },
      },
      "helm upgrade --install, timeout 10m",
    ],
    [
      {
        _tag: "HelmUpgradeStarted",
        release: RELEASE,
        chartVersion: "1.2.0",
        timeout: "1h30m",
        atomic: false,
        waits: true,
      },
      "helm upgrade --install --wait, timeout 1h30m",
    ],
  ],
  DataPlaneProgress: [
    [{ _tag: "DataPlaneProgress", deployments: [] }],
    [
      {
        _tag: "DataPlaneProgress",
        deployments: [
          {
            name: "egress",
            group: "data-plane",
            ready: 1,
            desired: 2,
            updated: 1,
            draining: 1,
            waitingFor: { _tag: "PodsUpdated", count: 1, desired: 2, isEarlier: false },
            lastEvent: undefined,
          },
          {
            name: "ingress",
            group: "data-plane",
            ready: 2,
            desired: 2,
            updated: 2,
            draining: 0,
            waitingFor: undefined,
            lastEvent: undefined,
          },
        ],
      },
      "data plane egress: 1/2 ready, 1 of 2 pods run the new template, 1 draining",
      "data plane ingress: 2/2 ready",
    ],
  ],
  RolloutStarted: [[{ _tag: "RolloutStarted", stage: "data plane", budgetMillis: 600_000 }]],
  FailureReportSaved: [
    [
      { _tag: "FailureReportSaved", file: "/home/o/.tare/reports/tars-revision-2.txt" },
      "failure report: /home/o/.tare/reports/tars-revision-2.txt",
    ],
  ],
  RolloutEnded: [[{ _tag: "RolloutEnded" }]],
  ProxiesHeld: [
    [
      {
        _tag: "ProxiesHeld",
        drains: [{ deployment: "egress", drainMillis: 60_000 }],
        pods: 2,
        askedMillis: 300_000,
      },
      "holding 2 proxies (egress drains for 1m): each serves its open streams for up to 5m once it is replaced",
    ],
  ],
  DrainLengthened: [
    [
      { _tag: "DrainLengthened", envoyProxies: ["tars-egress"], drainMillis: 300_000 },
      "EnvoyProxy tars-egress: drain 5m; the proxies are replaced before the upgrade begins",
    ],
  ],
  ProxyMoved: [
    [
      { _tag: "ProxyMoved", pod: "egress-1", to: "out-of-rotation" },
      "proxy egress-1 is out of rotation, its open streams go on",
    ],
    [
      { _tag: "ProxyMoved", pod: "egress-1", to: "rotation" },
      "proxy egress-1 is in rotation again",
    ],
  ],
  ProxyLetGo: [
    [
      { _tag: "ProxyLetGo", pod: "egress-1", why: "streams-ended", openStreams: 0 },
      "proxy egress-1 let go, its streams have ended",
    ],
    [
      { _tag: "ProxyLetGo", pod: "egress-1", why: "time-over", openStreams: undefined },
      "proxy egress-1 let go, its time is over",
    ],
    [
      { _tag: "ProxyLetGo", pod: "egress-1", why: "time-over", openStreams: 1 },
      "warning: proxy egress-1 let go, its time is over: 1 open stream left to its own drain",
    ],
  ],
  RecoveryStarted: [
    [{ _tag: "RecoveryStarted", release: RELEASE, revision: 5, status: "pending-upgrade", to: 4 }],
  ],
  ReleaseRecovered: [
    [
      { _tag: "ReleaseRecovered", release: RELEASE, restored: 4, deployed: 6 },
      "recovered release tars: rolled back to revision 4 (recorded as revision 6) and verified",
    ],
  ],
  RecoveryFinished: [[{ _tag: "RecoveryFinished", millis: 12, succeeded: true }]],
  RollbackStarted: [
    [
      { _tag: "RollbackStarted", revision: 7, why: "egress: not ready" },
      "warning: egress: not ready",
      "rolling back to revision 7",
    ],
  ],
  ToolDownloadStarted: [
    [
      {
        _tag: "ToolDownloadStarted",
        tool: "helm",
        version: "4.2.4",
        platform: "linux-amd64",
        source: "https://mirror.example/helm.tar.gz",
      },
      "downloading helm 4.2.4 from https://mirror.example/helm.tar.gz",
    ],
  ],
  ToolDownloadProgress: [
    [{ _tag: "ToolDownloadProgress", tool: "helm", version: "4.2.4", received: 1, total: 2 }],
  ],
  ToolDownloadEnded: [
    [{ _tag: "ToolDownloadEnded", tool: "helm", version: "4.2.4", bytes: 2, complete: true }],
  ],
  ToolAwaited: [
    [
      { _tag: "ToolAwaited", tool: "helm", version: "4.2.4", owner: "process 7 on here" },
      "waiting for process 7 on here, which is downloading helm 4.2.4",
    ],
  ],
  ToolInstalled: [
    [{ ...INSTALLED, pinned: true }],
    [
      { ...INSTALLED, pinned: false },
      "warning: helm 4.2.4 was verified against the project's own checksum file over TLS: this build has no pinned hash for this platform",
    ],
  ],
  Interrupted: [
    [{ _tag: "Interrupted", hints: [] }, "Interrupted. The release is as it was before this run."],
    [
      { _tag: "Interrupted", isHalfDone: true, hints: [] },
      "Interrupted. What has gone by now does not come back.",
    ],
    [
      { _tag: "Interrupted", hints: HINTS },
      "Interrupted. The release is as it was before this run.",
      "",
      "Look:",
      "helm list",
      "kubectl get pods",
    ],
  ],
  Warning: [
    [
      { _tag: "Warning", warning: { code: "failure-report-not-kept", cause: "disk full" } },
      "warning: could not save the failure report: disk full",
    ],
  ],
  Completed: [
    [
      {
        _tag: "Completed",
        operation: "install",
        revision: 1,
        fromVersion: "1.2.0",
        toVersion: "1.2.0",
        hints: [],
      },
      "Installation completed.",
      "",
    ],
    [
      {
        _tag: "Completed",
        operation: "upgrade",
        revision: 8,
        fromVersion: "1.1.0",
        toVersion: "1.2.0",
        hints: HINTS,
      },
      "Upgrade completed.",
      "",
      "Look:",
      "helm list",
      "kubectl get pods",
    ],
  ],
  Failed: [
    [
      {
        _tag: "Failed",
        error: "PreflightFailed",
        exitCode: 10,
        what: "preflight failed: 2 problems",
        why: ["no helm", "no cluster"],
        hints: HINTS,
      },
      "preflight failed: 2 problems",
      "no helm",
      "no cluster",
      "",
      "Look:",
      "helm list",
      "kubectl get pods",
    ],
    [
      {
        _tag: "Failed",
        error: "InvalidFlag",
        exitCode: 2,
        what: "invalid value for --x",
        why: [],
        hints: [],
      },
      "invalid value for --x",
    ],
  ],
};

/** How the terminal's moving lines are taken back. */
const DRAWN_AGAIN = new RegExp(`${ESCAPE}\\[\\d+A\\r${ESCAPE}\\[J`, "g");

describe("an event", () => {
  for (const [tag, samples] of Object.entries(SAMPLES)) {
    it(`${tag} is these lines`, () => {
      for (const [event, ...lines] of samples) {
        assert.deepStrictEqual(renderText(event, PLAIN), lines);
        const coloured = renderText(event, COLOURED);
        assert.deepStrictEqual(coloured.map(withoutColours), lines);
        for (const line of coloured) {
          assert.notMatch(line, /undefined|\[object |NaN|\n/);
          // A colour never runs on into the next line.
          const [, ...painted] = line.split(ESCAPE);
          assert.strictEqual(painted.length % 2, 0);
          for (const [index, part] of painted.entries()) {
            assert.match(part, index % 2 === 0 ? /^\[(1|31|33)m./ : /^\[(22|39)m/);
          }
        }
      }
    });

    it.effect(`${tag} shows nothing raw, whatever its texts are`, () =>
      Effect.gen(function* () {
        const written: Array<string> = [];
        const write = (text: string) => void written.push(text);
        const layers = [
          layerReporterText(PLAIN),
          layerReporterTerminal(PLAIN, { columns: 80, rows: 24, write }),
          makeJsonOutput(write, "1.2.0").layer,
        ];
        const told = samples.flatMap(([event]) =>
          NASTY.map((nasty) => planted(event, nasty, new Set(["_tag", "code"])) as ReportEvent),
        );
        for (const layer of layers) {
          yield* Effect.forEach(told, (event) => report(event)).pipe(
            Effect.provide(Layer.fresh(layer)),
          );
        }
        const lines = [...(yield* TestConsole.errorLines), ...written].flatMap((text) =>
          String(text).replace(DRAWN_AGAIN, "").split("\n"),
        );
        // A tab in a chart's notes is meant.
        const raw = lines.flatMap(rawIn).filter((point) => tag !== "ChartNotes" || point !== "9");
        assert.deepStrictEqual(raw, []);
      }),
    );
  }
});
