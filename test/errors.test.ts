import { execFileSync } from "node:child_process";
import { assert, describe, it } from "@effect/vitest";
import { Cause, Effect, Exit, Layer } from "effect";
import { Command } from "effect/cli";
import { layerPresentation } from "../src/cli/presentation.ts";
import { type TareServices, tareCommand } from "../src/cli/tare.ts";
import type { CrdRefusal } from "../src/domain/crds/refusal.ts";
import { shownWhole } from "../src/domain/fields/shown-value.ts";
import { hint, kubectl } from "../src/domain/hints/hint.ts";
import type { OperatorEnvironment } from "../src/domain/hints/operator-commands.ts";
import type { ImageProblem, ImageTrouble } from "../src/domain/images/problem.ts";
import { Gateway } from "../src/domain/kube/objects.ts";
import type { Keeper, Unrecorded } from "../src/domain/release/unrecorded.ts";
import { DOCTOR, HISTORY } from "../src/domain/run/operation.ts";
import * as catalogue from "../src/errors.ts";
import { isOperatorError, type OperatorError } from "../src/errors.ts";
import { showHints } from "../src/render/hints/hints.ts";
import type { ManagementPlane } from "../src/services/events/ManagementPlane.ts";
import type { Reporter } from "../src/services/report/Reporter.ts";
import type { ToolShelf } from "../src/services/tools/ToolShelf.ts";
import { platform } from "./cli/support.ts";
import { PLAIN_OPERATOR } from "./fakes/index.ts";

/** A run that was told more, with words that a shell would take apart. */
const ELSEWHERE: OperatorEnvironment = {
  context: "prod eu",
  kubeconfig: "/etc/kube config",
  helm: "/opt/tools/helm",
  kubectl: "/opt/tools/kubectl",
  identityFile: "my identity.json",
  clusterFlags: [{ name: "context", words: ["--context", "prod eu"] }],
  upgradeFlags: [{ name: "timeout", words: ["--timeout", "20m"] }],
};

const RELEASE = { name: "tars", namespace: "tars-system" };
const FAILED = {
  release: RELEASE,
  dataplaneNamespace: "tars-dataplane",
  failedRevision: 8,
  cause: "image registry.example.com/envoy:1.2.0 does not exist",
  missingImage: "registry.example.com/tars/envoy:1.2.0",
};
const CRD = {
  _tag: "ServerRefused",
  crd: "gateways.gateway.networking.k8s.io",
  detail: "denied by policy",
} as const;
const UNWRITTEN = { crd: CRD.crd, reason: { _tag: "Refused", detail: "no space" } } as const;

/** What a loop over many names does with each. */
const withoutLoop = (command: string): string => command.replace(/^for crd in [^;]*; do /, "");

const MANY_REFUSALS = Array.from(
  { length: 19 },
  (_, number): CrdRefusal => ({
    _tag: "UnknownOwner",
    crd: `crd${number}.example.com`,
    conflicts: [{ manager: "terraform", fields: ["spec.versions"] }],
  }),
);

const REACH_CHANGE = {
  kind: "EnvoyProxy",
  namespace: "tars-system",
  name: "tars-egress",
  path: "spec.type",
  before: shownWhole('"LoadBalancer"'),
  after: undefined,
  keep: { path: ["gateway", "service"], value: "LoadBalancer" },
};

type Name = {
  [K in keyof typeof catalogue]: (typeof catalogue)[K] extends new (
    ...args: never
  ) => OperatorError
    ? K
    : never;
}[keyof typeof catalogue];

const deployments = ["envoy-gateway", "ai-gateway-controller"];
const live = (keeper: Keeper): Unrecorded => ({ _tag: "Live", keeper, deployments });

const UNRECORDED: ReadonlyArray<Unrecorded> = [
  { _tag: "OtherStorage", driver: "configmap" },
  { _tag: "OtherStorage", driver: "secret" },
  live({ _tag: "ArgoCd", application: "llm" }),
  live({ _tag: "Flux", kind: "HelmRelease", name: "tars", namespace: "flux-system" }),
  live({ _tag: "LostRecords" }),
  live({ _tag: "Applied", by: "kubectl-client-side-apply" }),
];
const UNRECORDED_WORDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["in ConfigMaps, and HELM_DRIVER does not say so", "tare upgrade identity.json"],
  ["in Secrets, and HELM_DRIVER does not say so", "tare upgrade identity.json"],
  ["envoy-gateway, ai-gateway-controller in tars-system", "application llm"],
  ["HelmRelease tars", "get helmreleases.helm.toolkit.fluxcd.io tars -n flux-system"],
  ["its records are gone", "get secrets -n tars-system -l owner=helm,name=tars"],
  ["applied by kubectl-client-side-apply, not by Helm"],
];

const REVISION = { revision: 3, status: "deployed", chart: "tars-1.1.0" } as const;

const DELETION = { since: "2026-11-28T10:00:00Z", finalizers: ["a/b"], waitsFor: [] };

const REFUSALS: ReadonlyArray<catalogue.InstallRefused["refusal"]> = [
  { _tag: "OtherVersion", deployed: REVISION },
  { _tag: "HistoryInTheWay", revision: { ...REVISION, status: "uninstalled" } },
  { _tag: "Elsewhere", releases: [{ name: "llm", namespace: "llm-system" }] },
  { _tag: "Foreign", installed: "redis" },
  { _tag: "Kept", keeper: { _tag: "ArgoCd", application: "llm" }, deployments },
  { _tag: "Unrecorded", unrecorded: { _tag: "OtherStorage", driver: "configmap" } },
  {
    _tag: "Going",
    going: [
      { kind: "namespace", name: "tars-system", deletion: DELETION },
      { kind: "customresourcedefinition", name: "gateways.example", deletion: DELETION },
    ],
  },
];

const THEIRS = { type: Gateway, name: "theirs", namespace: "tars-dataplane" };

const RECORD = { kind: "Secret", name: "sh.helm.release.v1.tars.v2", revision: 2 };

const SYNC: catalogue.ImagesRefused["request"] = {
  registry: "registry.example.com/tars",
  overwrite: false,
  chart: { _tag: "Embedded" },
  values: {},
  imageTag: undefined,
  words: ["--image-tag", "1.2.0"],
};
const IMAGE_TROUBLES = [
  "denied",
  "no-repository",
  "no-image",
  "other-image",
  "immutable",
  "rate-limited",
  "unreachable",
] as const;
const troubled = (trouble: ImageTrouble): ImageProblem => ({
  trouble,
  reference: "registry.example.com/tars/envoy:1.2.0",
  detail: trouble === "failed" ? "" : "in the registry's own words",
});

/** Of what reaches no cluster: their commands are those of registries, too. */
const OF_IMAGES = ["ImagesRefused", "ImagesIncomplete", "ImagesNotThere", "CopierUnavailable"];

/** Every class of the catalogue, each with its exit code and the shapes its data can take. */
const SAMPLES: { readonly [K in Name]: readonly [number, ReadonlyArray<OperatorError>] } = {
  InvalidIdentity: [
    2,
    [
      new catalogue.InvalidIdentity({
        file: "my identity.json",
        problems: ["keyId: missing; expected a string that is not empty", "type: expected x"],
      }),
    ],
  ],
  InvalidFlag: [
    2,
    [new catalogue.InvalidFlag({ flag: "timeout", expected: "a duration such as 10m" })],
  ],
  InvalidStoredValues: [
    2,
    [
      new catalogue.InvalidStoredValues({
        release: RELEASE,
        revision: 7,
        problems: ["global: expected a mapping, found a string"],
      }),
    ],
  ],
  DowngradeRefused: [
    10,
    [
      new catalogue.DowngradeRefused({
        release: RELEASE,
        fromVersion: "1.3.0",
        toVersion: "1.2.0",
      }),
    ],
  ],
  MissingValues: [
    2,
    [
      new catalogue.MissingValues({
        missing: [
          { path: "global.customer", flag: "customer" },
          { path: "global.environment", flag: "environment" },
        ],
      }),
      new catalogue.MissingValues({ missing: [{ path: "global.customer", flag: "customer" }] }),
    ],
  ],
  NotConfirmed: [
    2,
    [
      new catalogue.NotConfirmed({ isAsked: true, command: "install" }),
      new catalogue.NotConfirmed({ isAsked: false, command: "install" }),
      new catalogue.NotConfirmed({ isAsked: false, command: "uninstall" }),
    ],
  ],
  InstallRefused: [
    10,
    REFUSALS.map(
      (refusal) => new catalogue.InstallRefused({ release: RELEASE, version: "1.2.0", refusal }),
    ),
  ],
  ChartNotRebuilt: [
    10,
    [true, false].map(
      (differs) =>
        new catalogue.ChartNotRebuilt({ release: RELEASE, chart: "tars-1.1.0", differs }),
    ),
  ],
  InstallationUnfinished: [
    13,
    [
      new catalogue.InstallationUnfinished({
        release: RELEASE,
        revision: 1,
        status: "pending-install",
        story: ["the first installation that began at noon was killed"],
      }),
      new catalogue.InstallationUnfinished({
        release: RELEASE,
        revision: 1,
        status: "failed",
        story: [],
      }),
    ],
  ],
  InstallRemoved: [20, [new catalogue.InstallRemoved(FAILED)]],
  WaitNeeded: [2, [new catalogue.WaitNeeded({ release: RELEASE, revision: 3 })]],
  ServeUrlRefused: [
    10,
    [
      new catalogue.ServeUrlRefused({
        serveUrl: "https://llm.acme.example",
        detail: "HTTP 409: it is another workspace's",
      }),
    ],
  ],
  RemovalFailed: [
    21,
    [new catalogue.RemovalFailed({ ...FAILED, removalCause: "still there: Gateway egress" })],
  ],
  HelmAtWork: [
    13,
    [
      new catalogue.HelmAtWork({
        release: RELEASE,
        story: ["an upgrade that began 2026-01-02T03:04:05Z is still running on this machine"],
      }),
    ],
  ],
  UninstallRefused: [
    10,
    (
      [
        { _tag: "OtherChart", chart: "nginx-1.0.0" },
        { _tag: "OtherStorage", driver: "configmap" },
        {
          _tag: "Kept",
          keeper: { _tag: "ArgoCd", application: "tars" },
          deployments: ["envoy-gateway"],
        },
        {
          _tag: "Used",
          users: [
            { object: THEIRS, why: { _tag: "InNamespace", namespace: "tars-dataplane" } },
            { object: THEIRS, why: { _tag: "OfClass", gatewayClass: "tars-egress" } },
            { object: THEIRS, why: { _tag: "Through", gateway: "tars-dataplane/egress" } },
            { object: THEIRS, why: { _tag: "OfController", controller: "example.com/one" } },
          ],
        },
      ] as const
    ).map((refusal) => new catalogue.UninstallRefused({ release: RELEASE, refusal })),
  ],
  UninstallFailed: [
    21,
    (
      [
        { _tag: "Helm", text: "failed to delete release: tars" },
        { _tag: "Helm", text: "" },
        { _tag: "RecordsLeft", count: 2 },
        { _tag: "ObjectsLeft", objects: [{ object: THEIRS, finalizers: ["example.com/stuck"] }] },
        { _tag: "ControllersLeft", pods: [THEIRS] },
        { _tag: "Said", text: "no answer within 30 s" },
      ] as const
    ).map((trouble) => new catalogue.UninstallFailed({ release: RELEASE, trouble })),
  ],
  InstallLeftInPlace: [22, [new catalogue.InstallLeftInPlace(FAILED)]],
  InstallNotStarted: [
    23,
    [new catalogue.InstallNotStarted({ release: RELEASE, cause: "a template fails" })],
  ],
  ForeignChart: [
    10,
    [new catalogue.ForeignChart({ release: RELEASE, installed: "redis", chart: "tars" })],
  ],
  OtherWorkspace: [
    10,
    [new catalogue.OtherWorkspace({ release: RELEASE, live: "workspace-1", given: "workspace-2" })],
  ],
  RecordsDamaged: [
    10,
    [
      new catalogue.RecordsDamaged({
        release: RELEASE,
        records: [
          { ...RECORD, flaw: { _tag: "Unreadable", damage: { _tag: "Empty" } } },
          { ...RECORD, flaw: { _tag: "Misplaced", revision: 3, name: "b", namespace: "a" } },
        ],
      }),
      new catalogue.RecordsDamaged({
        release: RELEASE,
        records: [
          {
            ...RECORD,
            flaw: {
              _tag: "Mislabelled",
              labels: [
                { label: "owner", says: undefined, record: "helm" },
                { label: "status", says: "deployed", record: "failed" },
              ],
            },
          },
        ],
      }),
    ],
  ],
  StoredApisGone: [
    10,
    ["Secret", "ConfigMap"].flatMap((recordKind) =>
      ["policy/v1", undefined].map(
        (replacement) =>
          new catalogue.StoredApisGone({
            release: RELEASE,
            recordKind,
            objects: [
              {
                revision: 2,
                kind: "PodDisruptionBudget",
                name: "egress",
                apiVersion: "policy/v1beta1",
                replacement,
              },
            ],
          }),
      ),
    ),
  ],
  PreflightFailed: [
    10,
    [
      new catalogue.PreflightFailed({
        problems: [{ _tag: "ClusterUnreachable", detail: "no route" }],
      }),
      new catalogue.PreflightFailed({
        problems: [
          { _tag: "HelmUnsupported", version: "v2.17.0" },
          {
            _tag: "HelmUnusable",
            text: "helm not found",
            remedy: hint("Install it:", kubectl("version")),
          },
        ],
      }),
    ],
  ],
  ClusterUnavailable: [
    10,
    [
      new catalogue.ClusterUnavailable({
        doing: "read the release",
        detail: "dial tcp 10.0.0.1:443: connect: connection refused",
      }),
    ],
  ],
  DataPlaneNamespaceMismatch: [
    10,
    [new catalogue.DataPlaneNamespaceMismatch({ live: "edge", requested: "tars-dataplane" })],
  ],
  NothingToKeep: [
    2,
    [new catalogue.NothingToKeep({ release: RELEASE, revision: 7, paths: ["gateway.nothing"] })],
  ],
  ReachWouldChange: [
    10,
    [
      new catalogue.ReachWouldChange({
        changes: [REACH_CHANGE],
        keepWith: ["--keep", "gateway.service"],
        values: undefined,
      }),
      new catalogue.ReachWouldChange({
        changes: [REACH_CHANGE],
        keepWith: [],
        values: { gateway: { service: { type: "Load'Balancer" } } },
      }),
      new catalogue.ReachWouldChange({
        changes: [{ ...REACH_CHANGE, namespace: undefined, path: undefined, keep: undefined }],
        keepWith: [],
        values: undefined,
      }),
    ],
  ],
  FieldsOwnedByOthers: [
    10,
    [
      new catalogue.FieldsOwnedByOthers({
        taken: [
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
                after: shownWhole("1"),
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
                path: "spec.a",
                owner: "argo",
                before: shownWhole("1"),
                after: shownWhole("2"),
                returns: false,
              },
            ],
          },
        ],
      }),
    ],
  ],
  ValuesWouldBeLost: [
    10,
    [
      new catalogue.ValuesWouldBeLost({
        lost: ['redis.host = "x"'],
        keepWith: ["--keep redis.host"],
      }),
      new catalogue.ValuesWouldBeLost({
        lost: ['redis.type = "hosted"', "ha.enabled = false"],
        keepWith: ["--redis-type hosted", "--ha=false"],
      }),
    ],
  ],
  ReleaseNotFound: [
    11,
    [
      new catalogue.ReleaseNotFound({ release: RELEASE, elsewhere: [] }),
      new catalogue.ReleaseNotFound({
        release: RELEASE,
        elsewhere: [
          { name: "edge", namespace: "edge-system" },
          { name: "tars", namespace: "other" },
        ],
      }),
      ...UNRECORDED.map(
        (unrecorded) =>
          new catalogue.ReleaseNotFound({ release: RELEASE, elsewhere: [], unrecorded }),
      ),
    ],
  ],
  RecordsElsewhere: [10, [new catalogue.RecordsElsewhere({ driver: "sql" })]],
  ReleaseVanished: [11, [new catalogue.ReleaseVanished({ release: RELEASE })]],
  NoDeployedRevision: [
    11,
    [new catalogue.NoDeployedRevision({ release: RELEASE, status: "uninstalled" })],
  ],
  SingleReplica: [
    12,
    [
      new catalogue.SingleReplica({ minReplicas: 1, envoyProxy: "tars", outOf: 1 }),
      new catalogue.SingleReplica({ minReplicas: 0, envoyProxy: "edge", outOf: 3 }),
    ],
  ],
  AnotherDoctorAtWork: [
    13,
    [
      new catalogue.AnotherDoctorAtWork({
        release: RELEASE,
        holder: "nobody@tare-doctor-1 (pid 1)",
        since: "2026-01-02T03:04:05Z",
      }),
    ],
  ],
  EventsWaiting: [
    30,
    [1, 2].map(
      (count) =>
        new catalogue.EventsWaiting({
          release: RELEASE,
          count,
          cause: { _tag: "Answered", status: 503, detail: "" },
        }),
    ),
  ],
  OperationInProgress: [
    13,
    [
      new catalogue.OperationInProgress({
        release: RELEASE,
        status: "pending-upgrade",
        revision: 8,
        since: "2026-01-02T03:04:05Z",
        lastGood: 7,
        helmHasEnded: true,
      }),
      new catalogue.OperationInProgress({
        release: RELEASE,
        status: "pending-install",
        revision: 1,
        since: undefined,
        lastGood: undefined,
      }),
    ],
  ],
  AnotherRunHoldsTheLock: [
    13,
    [
      new catalogue.AnotherRunHoldsTheLock({
        release: RELEASE,
        holder: "me@host (pid 7)",
        since: "2026-01-02T03:04:05Z",
        overlong: false,
      }),
      new catalogue.AnotherRunHoldsTheLock({
        release: RELEASE,
        holder: "nobody",
        since: undefined,
        overlong: true,
      }),
    ],
  ],
  RunSuperseded: [13, [new catalogue.RunSuperseded({ detail: "the lock is held by me@host" })]],
  CrdRightsMissing: [
    10,
    [
      new catalogue.CrdRightsMissing({
        missing: [{ doing: "write the CRDs", detail: 'cannot patch "gateways"' }],
      }),
    ],
  ],
  CrdsLocked: [
    13,
    [new catalogue.CrdsLocked({ holder: "me@host (pid 7)", since: "2026-01-02T03:04:05Z" })],
  ],
  CrdsRefused: [
    14,
    [
      new catalogue.CrdsRefused({ refusals: [CRD] }),
      new catalogue.CrdsRefused({ refusals: [CRD, { ...CRD, crd: "x.example.com" }] }),
      new catalogue.CrdsRefused({ refusals: MANY_REFUSALS }),
    ],
  ],
  CrdsIncomplete: [
    15,
    [
      new catalogue.CrdsIncomplete({
        failures: [UNWRITTEN],
        written: 3,
        backup: "/tmp/b/crds 1.yaml",
      }),
      new catalogue.CrdsIncomplete({ failures: [UNWRITTEN], written: 0, backup: undefined }),
    ],
  ],
  CrdBackupFailed: [14, [new catalogue.CrdBackupFailed({ detail: "no space left on device" })]],
  UpgradeRolledBack: [
    20,
    [new catalogue.UpgradeRolledBack({ ...FAILED, restoredRevision: 7, deployedRevision: 9 })],
  ],
  RollbackFailed: [
    21,
    [
      new catalogue.RollbackFailed({
        ...FAILED,
        rollbackCause: { _tag: "Said", text: "timed out" },
        lastGood: 7,
      }),
      new catalogue.RollbackFailed({
        ...FAILED,
        rollbackCause: { _tag: "NoGoodRevision" },
        lastGood: undefined,
      }),
    ],
  ],
  UpgradeLeftInPlace: [
    22,
    [
      new catalogue.UpgradeLeftInPlace({ ...FAILED, lastGood: 7 }),
      new catalogue.UpgradeLeftInPlace({ ...FAILED, lastGood: undefined }),
    ],
  ],
  UpgradeNotStarted: [
    23,
    [new catalogue.UpgradeNotStarted({ release: RELEASE, cause: "values don't meet the schema" })],
  ],
  ChartUnusable: [
    23,
    [new catalogue.ChartUnusable({ chart: "./tars.tgz", cause: "no such file or directory" })],
  ],
  ImagesRefused: [
    10,
    [
      new catalogue.ImagesRefused({ request: SYNC, problems: IMAGE_TROUBLES.map(troubled) }),
      new catalogue.ImagesRefused({
        request: { ...SYNC, registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tars" },
        problems: [
          {
            trouble: "no-repository",
            reference: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tars/envoy:1",
            detail: "NAME_UNKNOWN",
          },
        ],
      }),
    ],
  ],
  ImagesIncomplete: [
    31,
    [
      new catalogue.ImagesIncomplete({
        ...{ request: SYNC, copied: 1, problems: [troubled("unreachable")] },
      }),
    ],
  ],
  ImagesNotThere: [
    31,
    [new catalogue.ImagesNotThere({ request: SYNC, problems: [troubled("no-image")] })],
  ],
  CopierUnavailable: [10, [new catalogue.CopierUnavailable({ cause: "crane not found" })]],
};

const ALL = Object.entries(SAMPLES).flatMap(([name, [exitCode, errors]]) =>
  errors.map((error, index) => ({ name, exitCode, error, title: `${name} #${index + 1}` })),
);
const commandsOf = (error: OperatorError, env: OperatorEnvironment) =>
  showHints(env, error.hints).flatMap(({ commands }) => commands);

it("every class of the catalogue is sampled here", () => {
  const classes = Object.entries(catalogue).flatMap(([name, value]) =>
    typeof value === "function" && value.prototype instanceof Error ? [name] : [],
  );
  assert.sameMembers(classes, Object.keys(SAMPLES));
});

describe.each(ALL)("$title", ({ name, exitCode, error }) => {
  it(`exits with ${exitCode}`, () => {
    assert.strictEqual(error.exitCode, exitCode);
  });

  it("is an error, told by its name", () => {
    assert.instanceOf(error, Error);
    assert.strictEqual(error._tag, name);
    assert.isTrue(isOperatorError(error));
  });

  it("says on one line what failed, and why", () => {
    assert.match(error.what, /^\S.*\S$/);
    assert.isNotEmpty(error.why);
    for (const line of error.why) assert.match(line, /\S/);
    assert.strictEqual(error.message, [error.what, ...error.why].join("\n"));
  });

  it("gives a command under each title", () => {
    assert.isNotEmpty(showHints(PLAIN_OPERATOR, error.hints));
    for (const { title, commands } of showHints(PLAIN_OPERATOR, error.hints)) {
      assert.match(title, /^(?:[a-z0-9.]+: )?[A-Z].*:$/);
      assert.isNotEmpty(commands);
      for (const command of commands) {
        if (OF_IMAGES.includes(name)) continue;
        assert.match(withoutLoop(command), /^(?:tare|helm|kubectl) \S/);
      }
    }
  });

  it("gives commands that reach the same cluster, with the same tools", () => {
    if (OF_IMAGES.includes(name)) return;
    for (const command of commandsOf(error, ELSEWHERE)) {
      if (command.startsWith("tare ")) {
        if (!command.endsWith(" --help")) {
          assert.include(command, "'my identity.json'");
          assert.include(command, "--context 'prod eu'");
        }
      } else if (command.startsWith("/opt/tools/helm ")) {
        assert.include(command, "--kube-context 'prod eu' --kubeconfig '/etc/kube config'");
      } else if (withoutLoop(command).startsWith("/opt/tools/kubectl ")) {
        assert.include(command, "--context 'prod eu' --kubeconfig '/etc/kube config'");
      } else {
        // A remedy is written by whoever found the problem.
        assert.strictEqual(name, "PreflightFailed");
      }
    }
  });

  it("gives a command that repeats the upgrade as it was asked for", () => {
    for (const command of commandsOf(error, ELSEWHERE)) {
      if (command.startsWith("tare upgrade '")) assert.include(command, "--timeout 20m");
    }
  });

  it("never shows a hole where data should be", () => {
    for (const env of [PLAIN_OPERATOR, ELSEWHERE]) {
      const shown = [error.message, JSON.stringify(showHints(env, error.hints))].join("\n");
      assert.notMatch(shown, /undefined|\[object |NaN|\bnull\b|function|=>/);
      // The three ways to get a tool have comments behind them.
      if (name !== "CopierUnavailable") assert.notMatch(shown, / {2}|\(\)|: *$/m);
    }
  });
});

it("an upgrade over a single replica is refused in the words of the documentation", () => {
  const error = new catalogue.SingleReplica({ minReplicas: 1, envoyProxy: "tars", outOf: 1 });
  const shown = [
    [error.what, ...error.why].join("\n"),
    ...showHints(PLAIN_OPERATOR, error.hints).map(({ title, commands }) =>
      [title, ...commands].join("\n"),
    ),
  ].join("\n\n");
  assert.strictEqual(
    shown,
    `data-plane Envoy is single-replica (envoyHpa.minReplicas=1).
Upgrading now will RST in-flight LLM streams.

Fix HA first (idempotent, takes ~1m):
tare install --ha identity.json

Or force this upgrade with downtime:
tare upgrade identity.json --allow-downtime`,
  );
});

describe("what an operator needs to know is there", () => {
  const texts = (error: OperatorError) =>
    [error.message, ...commandsOf(error, PLAIN_OPERATOR)].join("\n");

  it.each<[string, OperatorError, ReadonlyArray<string>]>([
    [
      "of several EnvoyProxies, the one that decided",
      new catalogue.SingleReplica({ minReplicas: 1, envoyProxy: "edge", outOf: 3 }),
      ["(envoyHpa.minReplicas=1, EnvoyProxy edge, the lowest of 3)."],
    ],
    [
      "everything that preflight found, in one go",
      SAMPLES.PreflightFailed[1][1] as OperatorError,
      ["2 problems", "v2.17.0 is not supported", "helm not found", "kubectl version"],
    ],
    [
      "the flags that keep values, ready to paste",
      SAMPLES.ValuesWouldBeLost[1][1] as OperatorError,
      ["2 user-supplied values", "--redis-type hosted --ha=false --strict-values"],
    ],
    [
      "that the only way on is to accept the loss",
      SAMPLES.ValuesWouldBeLost[1][0] as OperatorError,
      ["1 user-supplied value would", "tare upgrade identity.json"],
    ],
    [
      "the releases that are elsewhere, and how to upgrade each",
      SAMPLES.ReleaseNotFound[1][1] as OperatorError,
      [
        "TARS release edge in namespace edge-system",
        "tare upgrade identity.json --release-name edge --system-namespace edge-system",
        "tare upgrade identity.json --release-name tars --system-namespace other",
      ],
    ],
    [
      "how to install what is not there",
      SAMPLES.ReleaseNotFound[1][0] as OperatorError,
      ["tare install identity.json"],
    ],
    ...UNRECORDED_WORDS.map((words, index): [string, OperatorError, ReadonlyArray<string>] => [
      `what runs without a record, ${index + 1}`,
      SAMPLES.ReleaseNotFound[1][2 + index] as OperatorError,
      words,
    ]),
    [
      "the namespace to pass",
      SAMPLES.DataPlaneNamespaceMismatch[1][0] as OperatorError,
      ["--dataplane-namespace edge", "cut off the one in edge"],
    ],
    [
      "the way out of a pending state, by an explicit number",
      SAMPLES.OperationInProgress[1][0] as OperatorError,
      ["pending-upgrade", "began 2026-01-02", "helm rollback tars 7 -n tars-system --wait"],
    ],
    [
      "who holds the lock",
      SAMPLES.AnotherRunHoldsTheLock[1][0] as OperatorError,
      ["me@host (pid 7)", "kubectl get lease tare-tars -n tars-system"],
    ],
    [
      "the remedy of many CRDs as one loop",
      SAMPLES.CrdsRefused[1][2] as OperatorError,
      [
        "for crd in crd0.example.com crd1.example.com ",
        ' crd18.example.com; do kubectl patch crd "$crd" --type=json -p ',
      ],
    ],
    [
      "which CRD was refused, and why",
      SAMPLES.CrdsRefused[1][0] as OperatorError,
      ["1 CRD was refused", `${CRD.crd}: denied by policy`, `kubectl get crd ${CRD.crd} -o yaml`],
    ],
    [
      "where the copies of the CRDs are",
      SAMPLES.CrdsIncomplete[1][0] as OperatorError,
      ["1 of the CRDs", "3 were", "Helm was not started", "'/tmp/b/crds 1.yaml'"],
    ],
    [
      "which revision failed, which runs again, and as what",
      SAMPLES.UpgradeRolledBack[1][0] as OperatorError,
      ["revision 8", "rolled back to revision 7", "does not exist"],
    ],
    [
      "both causes when the rollback failed too, and where to go by hand",
      SAMPLES.RollbackFailed[1][0] as OperatorError,
      ["upgrade: image", "rollback: timed out", "helm rollback tars 7 -n tars-system --wait"],
    ],
    [
      "how to leave what --no-atomic left",
      SAMPLES.UpgradeLeftInPlace[1][0] as OperatorError,
      ["revision 8", "--no-atomic", "helm rollback tars 7 -n tars-system"],
    ],
    [
      "the values of the revision that cannot be carried",
      SAMPLES.InvalidStoredValues[1][0] as OperatorError,
      ["revision 7", "helm get values tars -n tars-system --revision 7"],
    ],
  ])("%s", (_, error, parts) => {
    for (const part of parts) assert.include(texts(error), part);
  });

  it("no rollback is offered when no revision is known to be good", () => {
    for (const error of ALL.filter(({ title }) =>
      ["OperationInProgress #2", "RollbackFailed #2", "UpgradeLeftInPlace #2"].includes(title),
    )) {
      assert.notInclude(commandsOf(error.error, PLAIN_OPERATOR).join("\n"), "rollback");
    }
  });

  it("no rollback is offered without the number of its revision", () => {
    for (const { error } of ALL) {
      for (const command of commandsOf(error, PLAIN_OPERATOR)) {
        if (command.includes(" rollback ")) assert.match(command, /^helm rollback \S+ \d+ /);
      }
    }
  });

  it("no hint shows a private key on the terminal", () => {
    for (const { error } of ALL) {
      for (const command of commandsOf(error, PLAIN_OPERATOR))
        assert.notMatch(command, /^(?:cat|less) /);
    }
  });
});

describe("an error of the catalogue", () => {
  it.effect("is caught by its name, with its data", () =>
    Effect.gen(function* () {
      const caught = yield* Effect.gen(function* () {
        return yield* new catalogue.DataPlaneNamespaceMismatch({ live: "a", requested: "b" });
      }).pipe(
        Effect.catchTag("DataPlaneNamespaceMismatch", (error) =>
          Effect.succeed([error.live, error.requested]),
        ),
      );
      assert.deepStrictEqual(caught, ["a", "b"]);
    }),
  );

  it("is told from what is not one", () => {
    for (const other of [
      new Error("x"),
      undefined,
      null,
      "SingleReplica",
      { _tag: "SingleReplica", exitCode: 12, what: "x", why: [], hints: [] },
      Object.assign(new Error("x"), { exitCode: 1 }),
    ]) {
      assert.isFalse(isOperatorError(other));
    }
  });
});

describe("a cluster that turns a request away", () => {
  it.each([
    [
      "ValidatingAdmissionPolicy 'team' with binding 'b' denied request: label",
      "validatingadmissionpolicies",
    ],
    ['admission webhook "x" denied the request: no', "validatingwebhookconfigurations"],
    ['leases is forbidden: User "u" cannot create resource "leases"', "auth can-i --list"],
    ["apply CustomResourceDefinition a: HTTP 429", "prioritylevelconfigurations"],
    ['secrets "x" is forbidden: exceeded quota: objects', "resourcequotas"],
    ["https://cluster.example does not answer: connect ECONNREFUSED", "cluster-info"],
  ])("%s: %s", (detail, command) => {
    const error = new catalogue.ClusterUnavailable({ doing: "take the lock", detail });
    assert.include(showHints(PLAIN_OPERATOR, error.hints)[0]?.commands[0], command);
  });
});

describe("another command than the upgrade", () => {
  const env = {
    ...ELSEWHERE,
    ran: { operation: DOCTOR, words: ["my identity.json", "--once"] },
  };

  it("is the one to be run again", () => {
    const error = new catalogue.ClusterUnavailable({ doing: "list the events", detail: "away" });
    assert.deepInclude(showHints(env, error.hints).at(-1), {
      title: "Then run it again:",
      commands: ["tare doctor 'my identity.json' --once --context 'prod eu'"],
    });
    const identity = new catalogue.InvalidIdentity({ file: "x", problems: ["no"] });
    assert.match(showHints(env, identity.hints)[0]?.commands[0] ?? "", /^tare doctor /);
  });

  it.each([
    new catalogue.RecordsElsewhere({ driver: "sql" }),
    new catalogue.ClusterUnavailable({ doing: "read the release's history", detail: "away" }),
    new catalogue.ReleaseNotFound({
      release: RELEASE,
      elsewhere: [],
      unrecorded: { _tag: "OtherStorage", driver: "configmap" },
    }),
  ])("is what is said to be run again of $_tag, and no change of anything", (error) => {
    const asked = {
      ...PLAIN_OPERATOR,
      ran: { operation: HISTORY, words: ["--release-name", "tars"] },
    };
    const commands = showHints(asked, error.hints).flatMap((hint) => hint.commands);
    assert.include(commands, "tare history --release-name tars");
    assert.notMatch(commands.join("\n"), /tare upgrade/);
  });

  it("recovers with an upgrade where a plan was asked for", () => {
    const planning = { ...PLAIN_OPERATOR, upgradeFlags: [{ name: "plan", words: ["--plan"] }] };
    const error = new catalogue.NoDeployedRevision({
      release: RELEASE,
      status: "failed",
      lastGood: 3,
    });
    assert.include(showHints(planning, error.hints).at(-1)?.commands[0], "--recover");
    assert.notInclude(showHints(planning, error.hints).at(-1)?.commands[0], "--plan");
  });
});

/** Runs that print hints, each with flags that no other command takes. */
const RUNS: ReadonlyArray<readonly [string, OperatorEnvironment]> = [
  ["an upgrade", ELSEWHERE],
  [
    "an upgrade with values",
    {
      ...PLAIN_OPERATOR,
      upgradeFlags: [
        { name: "ha", words: ["--ha=false"] },
        { name: "values", words: ["--values", `{"gateway":{"note":"it's"}}`] },
        { name: "release-name", words: ["--release-name", "edge"] },
        { name: "plan", words: ["--plan"] },
        { name: "image-registry", words: ["--image-registry", "r.example.com/tars"] },
      ],
    },
  ],
  [
    "an installation",
    {
      ...ELSEWHERE,
      command: "install",
      upgradeFlags: [
        { name: "customer", words: ["--customer", "acme"] },
        { name: "yes", words: ["--yes"] },
        { name: "system-namespace", words: ["--system-namespace", "llm"] },
      ],
    },
  ],
  [
    "a look at the history",
    { ...ELSEWHERE, ran: { operation: HISTORY, words: ["--max", "3"] }, upgradeFlags: [] },
  ],
  [
    "a doctor",
    {
      ...ELSEWHERE,
      ran: { operation: DOCTOR, words: ["my identity.json", "--once"] },
      upgradeFlags: [],
    },
  ],
];

const PARSED = "the command line was taken";

const NOTHING: Layer.Layer<never> = Layer.effectDiscard(Effect.die(PARSED));
/** Whatever is asked of it. */
const nothing = <A>(): Layer.Layer<A> => NOTHING as Layer.Layer<A>;
const TARE = tareCommand(
  nothing<TareServices>,
  nothing<ToolShelf | Reporter>,
  nothing<ManagementPlane>,
);

/** With nothing to work on, a command that was taken ends as soon as it asks for that. */
const endOf = (words: ReadonlyArray<string>) =>
  Command.runWith(TARE, { version: "1" })(words).pipe(
    Effect.provide([platform, layerPresentation(false)]),
    Effect.exit,
  );

/** As a shell takes them apart. */
const wordsOf = (commands: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  execFileSync("sh", [
    "-c",
    commands.map((one) => `printf '%s\\0' ${one}; printf '\\n\\0'`).join("\n"),
  ])
    .toString()
    .split("\n\0")
    .slice(0, -1)
    .map((words) => words.split("\0").slice(0, -1));

/** An installation never downgrades, loses no values, and takes what it sets. */
const OF_UPGRADES = ["DowngradeRefused", "FieldsOwnedByOthers", "ValuesWouldBeLost"];
const losesValues = (error: OperatorError): boolean =>
  error instanceof catalogue.ReachWouldChange && error.keepWith.length > 0;

const ofRun = ({ command }: OperatorEnvironment): ReadonlyArray<OperatorError> =>
  ALL.flatMap(({ name, error }) =>
    command === "install" && (OF_UPGRADES.includes(name) || losesValues(error)) ? [] : [error],
  );

describe("every tare command that is printed", () => {
  it.effect.each(RUNS)("after %s is one that tare takes", ([, env]) =>
    Effect.gen(function* () {
      const commands = [...new Set(ofRun(env).flatMap((error) => commandsOf(error, env)))].filter(
        (command) => command.startsWith("tare "),
      );
      assert.isAbove(commands.length, 10);
      const refused: Array<string> = [];
      for (const [tool, ...words] of wordsOf(commands)) {
        assert.strictEqual(tool, "tare");
        const exit = yield* endOf(words);
        const isTaken = Exit.isSuccess(exit) || Cause.pretty(exit.cause).includes(PARSED);
        if (!isTaken) refused.push(words.join(" "));
      }
      assert.deepStrictEqual(refused, []);
    }),
  );

  it.effect("is told from one that tare does not take", () =>
    Effect.gen(function* () {
      for (const words of [
        ["upgrade", "identity.json", "--nonsense"],
        ["upgrad", "identity.json"],
      ]) {
        const exit = yield* endOf(words);
        assert.isTrue(Exit.isFailure(exit));
        if (Exit.isFailure(exit)) assert.notInclude(Cause.pretty(exit.cause), PARSED);
      }
    }),
  );
});
