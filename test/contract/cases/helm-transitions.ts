/** What an upgrade leaves behind in the history, however it ends. */
import { assert } from "@effect/vitest";
import { Duration, Effect, Option, Ref } from "effect";
import { Deployment, fieldAt, Job, Pod, Secret } from "../../../src/domain/kube/objects.ts";
import { releaseSecretName } from "../../../src/domain/release/release.ts";
import type { HelmExit } from "../../../src/services/helm/Helm.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { during, failing, historyLines, rollback, uninstall, upgrade } from "../helm-steps.ts";
import { type ContractCase, type ContractChart, Stage, withHelm } from "../stage.ts";

const V1: ContractChart = { version: "1.0.0", workloads: [{ name: "app", tag: "v1" }] };
const V2: ContractChart = { version: "2.0.0", workloads: [{ name: "app", tag: "v2" }] };
const STUCK: ContractChart = { version: "2.0.0", workloads: [{ name: "app", tag: "never-ready" }] };

const OTHER_STUCK: ContractChart = {
  version: "3.0.0",
  workloads: [{ name: "app", tag: "crash-loop" }],
};

const TIMED_OUT = "context deadline exceeded";
const UPGRADED = "Upgrade complete";
const INSTALLED = "Install complete";

const upgradeFailed = (why: string) => `Upgrade "app" failed: ${why}`;

const history = Effect.fnUntraced(function* (expected: ReadonlyArray<string>) {
  assert.deepStrictEqual(yield* historyLines, expected);
});

const install = Effect.gen(function* () {
  const { code, errorText } = yield* upgrade({ chart: V1 });
  assert.strictEqual(code, 0, errorText);
});

const succeeded = ({ code, errorText }: HelmExit) => assert.strictEqual(code, 0, errorText);

const failedWith = ({ code, errorText }: HelmExit, text: RegExp | string) => {
  assert.strictEqual(code, 1, errorText);
  if (typeof text === "string") assert.strictEqual(errorText, text);
  else assert.match(errorText, text);
};

const locked = Effect.gen(function* () {
  failedWith(
    yield* upgrade({ chart: V2 }),
    "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
  );
});

/** The whole, with the reason in it. */
const rolledBack = (major: 3 | 4, why: string) =>
  `UPGRADE FAILED: release app failed, and has been rolled back due to ${
    major === 3 ? "atomic" : "rollback-on-failure"
  } being set: ${why}`;

const refused = (kind: "ConfigMap" | "Deployment" | "Secret") =>
  ({ on: "patch", kind, answer: "forbidden" }) as const;

const nothingWritten = history([`1 deployed ${INSTALLED}`]);

const refusals: ReadonlyArray<ContractCase> = [
  withHelm(
    "a chart that does not render writes nothing, even with atomic",
    Effect.gen(function* () {
      yield* install;
      const exit = yield* upgrade({ chart: { ...V2, fails: "no such thing" }, atomic: true });
      failedWith(exit, /^UPGRADE FAILED: .*execution error at .*: no such thing$/);
      yield* nothingWritten;
    }),
  ),
  withHelm(
    "a chart with a type that is not served writes nothing",
    Effect.gen(function* () {
      yield* install;
      const exit = yield* upgrade({ chart: { ...V2, unknownType: true }, atomic: true });
      failedWith(
        exit,
        /resource mapping not found for name: "nobody" namespace: "[^"]*" from "": no matches for kind "Nobody" in version "nowhere\.example\/v1"\nensure CRDs are installed first$/,
      );
      yield* nothingWritten;
    }),
  ),
  withHelm(
    "an API server that does not answer is told as it is, and nothing is written",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const cure = yield* stage.helmFault({ on: "all", answer: "unavailable" });
      const { code, errorText } = yield* upgrade({ chart: V2, atomic: true });
      yield* cure;
      assert.strictEqual(code, 1);
      assert.match(errorText, /^kubernetes cluster unreachable: /i);
      yield* nothingWritten;
    }),
  ),
  withHelm(
    "a record that may not be created ends it, and nothing is rolled back",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      yield* stage.helmFault({ on: "create", kind: "Secret", answer: "forbidden" });
      const exit = yield* upgrade({ chart: V2, atomic: true });
      failedWith(exit, /^UPGRADE FAILED: create: failed to create: .*forbidden/);
      yield* nothingWritten;
    }),
  ),
  withHelm(
    "a record that cannot be read is passed over, and its name is taken all the same",
    Effect.gen(function* () {
      yield* install;
      const [stage, kubectl] = yield* Effect.all([Stage, Kubectl]);
      const { name, namespace } = stage.release;
      yield* kubectl.create(Secret, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name: releaseSecretName(stage.release, 2),
          namespace,
          labels: { owner: "helm", name, status: "deployed", version: "2" },
        },
        type: "helm.sh/release.v1",
        data: { release: Buffer.from("H4sIAAAAAAAC/notreally").toString("base64") },
      });
      yield* nothingWritten;
      failedWith(
        yield* upgrade({ chart: V2, atomic: true }),
        /^(?:UPGRADE FAILED: )?release: already exists$/,
      );
      yield* nothingWritten;
    }),
  ),
  withHelm(
    "an object that belongs to nobody is not taken over",
    Effect.gen(function* () {
      yield* install;
      const chart = { ...V2, configMaps: { "kube-root-ca.crt": { a: "1" } } };
      const exit = yield* upgrade({ chart, atomic: true });
      failedWith(
        exit,
        /^UPGRADE FAILED: unable to continue with update: ConfigMap "kube-root-ca\.crt" in namespace "[^"]+" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key "app\.kubernetes\.io\/managed-by": must be set to "Helm"; annotation validation error: missing key "meta\.helm\.sh\/release-name": must be set to "app"; annotation validation error: missing key "meta\.helm\.sh\/release-namespace": must be set to "[^"]+"$/i,
      );
      yield* nothingWritten;
    }),
  ),
];

const withoutAtomic: ReadonlyArray<ContractCase> = [
  withHelm(
    "a success supersedes the revision before it",
    Effect.gen(function* () {
      yield* install;
      succeeded(yield* upgrade({ chart: V2 }));
      yield* history([`1 superseded ${INSTALLED}`, `2 deployed ${UPGRADED}`]);
    }),
  ),
  withHelm(
    "a wait that times out leaves the old revision deployed and the new one failed",
    Effect.gen(function* () {
      yield* install;
      failedWith(yield* failing({ chart: STUCK }), `UPGRADE FAILED: ${TIMED_OUT}`);
      yield* history([`1 deployed ${INSTALLED}`, `2 failed ${upgradeFailed(TIMED_OUT)}`]);
    }),
  ),
  withHelm(
    "without a wait, a first revision whose pods never come up is deployed at once",
    Effect.gen(function* () {
      succeeded(yield* failing({ chart: STUCK, wait: false }));
      yield* history([`1 deployed ${INSTALLED}`]);
    }),
  ),
  withHelm(
    "a good upgrade after a failed one supersedes only the deployed revision",
    Effect.gen(function* () {
      yield* install;
      yield* failing({ chart: STUCK });
      succeeded(yield* upgrade({ chart: V2 }));
      yield* history([
        `1 superseded ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        `3 deployed ${UPGRADED}`,
      ]);
    }),
  ),
  withHelm(
    "a patch that the server refuses fails the revision",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      yield* stage.helmFault(refused("Deployment"));
      failedWith(yield* upgrade({ chart: V2 }), /^UPGRADE FAILED: .*forbidden/);
      const [first, second, ...others] = yield* historyLines;
      assert.deepStrictEqual([first, others], [`1 deployed ${INSTALLED}`, []]);
      assert.match(second ?? "", /^2 failed Upgrade "app" failed: .*forbidden/);
    }),
  ),
  withHelm(
    "a failing pre-upgrade hook fails the revision before anything is applied",
    Effect.gen(function* () {
      yield* install;
      const chart: ContractChart = {
        ...V2,
        configMaps: { more: { a: "1" } },
        hooks: [{ event: "pre-upgrade", job: "check", outcome: "fails" }],
      };
      const exit = yield* upgrade({ chart });
      failedWith(exit, /^UPGRADE FAILED: pre-upgrade hooks failed: /);
      const [first, second] = yield* historyLines;
      assert.strictEqual(first, `1 deployed ${INSTALLED}`);
      assert.match(second ?? "", /^2 failed Upgrade "app" failed: pre-upgrade hooks failed: /);
    }),
  ),
  withHelm(
    "a failing post-upgrade hook fails the revision after it was applied",
    Effect.gen(function* () {
      yield* install;
      const hooks = [{ event: "post-upgrade", job: "check", outcome: "fails" }] as const;
      const exit = yield* upgrade({ chart: { ...V2, hooks } });
      failedWith(exit, /^UPGRADE FAILED: post-upgrade hooks failed: /);
      const [, second] = yield* historyLines;
      assert.match(second ?? "", /^2 failed Upgrade "app" failed: post-upgrade hooks failed: /);
    }),
  ),
  withHelm(
    "a hook whose image does not exist is waited for all the time there is, and its Job stays",
    Effect.gen(function* () {
      yield* install;
      const { namespace } = yield* Stage;
      const kubectl = yield* Kubectl;
      const image = "app.example/job:no-such-image";
      const hooks = [{ event: "pre-upgrade", job: "check", outcome: "fails", image }] as const;
      const exit = yield* upgrade({ chart: { ...V2, hooks }, timeout: Duration.seconds(8) });
      failedWith(exit, /^UPGRADE FAILED: pre-upgrade hooks failed: /);
      assert.match(exit.errorText, /timed out waiting|not ready. status: InProgress/);
      const job = yield* kubectl.get({ type: Job, name: "check", namespace });
      const { metadata } = Option.getOrThrow(job);
      assert.strictEqual(metadata.annotations?.["helm.sh/hook"], "pre-upgrade");
      const [pod] = yield* kubectl.list({
        type: Pod,
        namespace,
        labelSelector: `batch.kubernetes.io/controller-uid=${metadata.uid}`,
      });
      assert.deepStrictEqual(fieldAt(Option.getOrThrow(job), "spec", "selector", "matchLabels"), {
        "batch.kubernetes.io/controller-uid": metadata.uid,
      });
      assert.strictEqual(pod?.metadata.ownerReferences?.[0]?.uid, metadata.uid);
      assert.match(JSON.stringify(pod?.status), /ErrImagePull|ImagePullBackOff/);
    }),
  ),
  withHelm(
    "hooks that succeed are waited for and leave no other trace",
    Effect.gen(function* () {
      yield* install;
      const hooks = [
        { event: "pre-upgrade", job: "before", outcome: "succeeds" },
        { event: "post-upgrade", job: "after", outcome: "succeeds" },
      ] as const;
      succeeded(yield* upgrade({ chart: { ...V2, hooks } }));
      yield* history([`1 superseded ${INSTALLED}`, `2 deployed ${UPGRADED}`]);
    }),
  ),
];

/** Its wait times out, and then the server refuses the patch that would undo it. */
const failsToRollBack = Effect.gen(function* () {
  const stage = yield* Stage;
  const cure = yield* Ref.make<Effect.Effect<void>>(Effect.void);
  const exit = yield* during(
    { chart: STUCK, atomic: true, timeout: stage.shortTimeout },
    { revision: 2, status: "pending-upgrade" },
    () => Effect.flatMap(stage.helmFault(refused("Deployment")), (back) => Ref.set(cure, back)),
  );
  yield* Effect.flatten(Ref.get(cure));
  return exit;
});

const withAtomic: ReadonlyArray<ContractCase> = [
  withHelm(
    "atomic: a wait that times out is rolled back",
    Effect.gen(function* () {
      yield* install;
      const { helmMajor } = yield* Stage;
      const exit = yield* failing({ chart: STUCK, atomic: true });
      failedWith(exit, rolledBack(helmMajor, TIMED_OUT));
      yield* history([
        `1 superseded ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 deployed Rollback to 1",
      ]);
    }),
  ),
  withHelm(
    "atomic: a second failure is rolled back to the rollback",
    Effect.gen(function* () {
      yield* install;
      yield* failing({ chart: STUCK, atomic: true });
      yield* failing({ chart: STUCK, atomic: true });
      yield* history([
        `1 superseded ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 superseded Rollback to 1",
        `4 failed ${upgradeFailed(TIMED_OUT)}`,
        "5 deployed Rollback to 3",
      ]);
    }),
  ),
  withHelm(
    "atomic: a rollback whose wait fails leaves the old revision deployed",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      yield* stage.helmFault({ on: "list", kind: "ReplicaSet", answer: "forbidden" });
      const exit = yield* upgrade({ chart: V2, atomic: true });
      failedWith(
        exit,
        /^UPGRADE FAILED: an error occurred while rolling back the release\. original upgrade error: .*forbidden.*: release app failed: .*forbidden/,
      );
      const [first, second, third] = yield* historyLines;
      assert.strictEqual(first, `1 deployed ${INSTALLED}`);
      assert.match(second ?? "", /^2 failed Upgrade "app" failed: /);
      assert.match(third ?? "", /^3 failed Release "app" failed: .*forbidden/);
    }),
  ),
  withHelm(
    "atomic: a refused patch leaves Helm 3 nothing to undo; Helm 4 applies, and is refused, again",
    Effect.gen(function* () {
      yield* install;
      const { helmFault, helmMajor } = yield* Stage;
      yield* helmFault(refused("Deployment"));
      const exit = yield* upgrade({ chart: V2, atomic: true });
      const [first, second, third] = yield* historyLines;
      if (helmMajor === 3) {
        failedWith(exit, /^UPGRADE FAILED: release app failed, and has been rolled back /);
        assert.strictEqual(first, `1 superseded ${INSTALLED}`);
        assert.match(second ?? "", /^2 failed Upgrade "app" failed: .*forbidden/);
        assert.strictEqual(third, "3 deployed Rollback to 1");
      } else {
        failedWith(exit, /an error occurred while rolling back the release/);
        assert.strictEqual(first, `1 deployed ${INSTALLED}`);
        assert.match(second ?? "", /^2 superseded Upgrade "app" failed: .*forbidden/);
        assert.match(third ?? "", /^3 failed Rollback "app" failed: .*forbidden/);
      }
    }),
  ),
  withHelm(
    "atomic: a rollback that cannot be applied supersedes the failed revision",
    Effect.gen(function* () {
      yield* install;
      failedWith(yield* failsToRollBack, /an error occurred while rolling back the release/);
      const [first, second, third] = yield* historyLines;
      assert.strictEqual(first, `1 deployed ${INSTALLED}`);
      assert.strictEqual(second, `2 superseded ${upgradeFailed(TIMED_OUT)}`);
      assert.match(third ?? "", /^3 failed Rollback "app" failed: .*forbidden/);
    }),
  ),
  withHelm(
    "atomic: after that, the next failure goes back to the broken revision",
    Effect.gen(function* () {
      yield* install;
      yield* failsToRollBack;
      yield* failing({ chart: OTHER_STUCK, atomic: true });
      const lines = yield* historyLines;
      assert.strictEqual(lines[3], `4 failed ${upgradeFailed(TIMED_OUT)}`);
      assert.match(lines[4] ?? "", /^5 failed Release "app" failed: context deadline exceeded$/);
      assert.match(lines[1] ?? "", /^2 superseded /);
    }),
  ),
  withHelm(
    "atomic: an object that the new chart drops stands in the way of some versions' rollback",
    Effect.gen(function* () {
      const { hasDroppedObjectBug, helmFault, helmMajor } = yield* Stage;
      const withExtra = { ...V1, configMaps: { extra: { a: "1" } } };
      succeeded(yield* upgrade({ chart: withExtra }));
      const cure = yield* helmFault({ ...refused("Deployment"), times: 1 });
      const exit = yield* upgrade({ chart: V2, atomic: true });
      yield* cure;
      const lines = yield* historyLines;
      if (!hasDroppedObjectBug) {
        assert.strictEqual(lines[2], "3 deployed Rollback to 1");
        return;
      }
      const why =
        helmMajor === 3
          ? 'no ConfigMap with the name "extra" found'
          : 'original object ConfigMap with the name "extra" not found';
      assert.include(exit.errorText, why);
      assert.match(lines[1] ?? "", /^2 superseded Upgrade "app" failed: /);
      assert.strictEqual(lines[2], `3 failed Rollback "app" failed: ${why}`);
    }),
  ),
  withHelm(
    "atomic: a failing pre-rollback hook of the old revision locks the release",
    Effect.gen(function* () {
      const hooks = [{ event: "pre-rollback", job: "check", outcome: "fails" }] as const;
      succeeded(yield* upgrade({ chart: { ...V1, hooks } }));
      yield* failing({ chart: STUCK, atomic: true });
      yield* history([
        `1 deployed ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 pending-rollback Rollback to 1",
      ]);
      yield* locked;
    }),
  ),
  withHelm(
    "atomic: so does a failing post-rollback hook",
    Effect.gen(function* () {
      const hooks = [{ event: "post-rollback", job: "check", outcome: "fails" }] as const;
      succeeded(yield* upgrade({ chart: { ...V1, hooks } }));
      yield* failing({ chart: STUCK, atomic: true });
      yield* history([
        `1 deployed ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 pending-rollback Rollback to 1",
      ]);
    }),
  ),
  withHelm(
    "atomic: an API server that is away when it fails leaves it locked",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const cure = yield* Ref.make<Effect.Effect<void>>(Effect.void);
      const away = stage.helmFault({ on: "all", answer: "unavailable" });
      const exit = yield* during(
        { chart: STUCK, atomic: true, timeout: stage.shortTimeout },
        { revision: 2, status: "pending-upgrade" },
        () => Effect.flatMap(away, (back) => Ref.set(cure, back)),
      );
      yield* Effect.flatten(Ref.get(cure));
      failedWith(
        exit,
        /^UPGRADE FAILED: an error occurred while finding last successful release\. original upgrade error: /,
      );
      yield* history([`1 deployed ${INSTALLED}`, "2 pending-upgrade Preparing upgrade"]);
    }),
  ),
  withHelm(
    "atomic: a rollback that cannot be recorded leaves it locked, with nothing deployed",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const name = /\.v3$/;
      yield* stage.helmFault({ on: "update", kind: "Secret", name, answer: "forbidden" });
      yield* failing({ chart: STUCK, atomic: true });
      yield* history([
        `1 superseded ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 pending-rollback Rollback to 1",
      ]);
      yield* locked;
    }),
  ),
];

const endings: ReadonlyArray<ContractCase> = [
  withHelm(
    "a success that cannot be recorded fails, is not rolled back, and locks",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const name = /\.v2$/;
      yield* stage.helmFault({ on: "update", kind: "Secret", name, answer: "forbidden" });
      const exit = yield* upgrade({ chart: V2, atomic: true });
      failedWith(exit, /^UPGRADE FAILED: update: failed to update: .*forbidden/);
      yield* history([`1 superseded ${INSTALLED}`, "2 pending-upgrade Preparing upgrade"]);
      yield* locked;
    }),
  ),
  withHelm(
    "an old revision that cannot be superseded leaves two deployed, and success",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const name = /\.v1$/;
      yield* stage.helmFault({ on: "update", kind: "Secret", name, answer: "forbidden" });
      succeeded(yield* upgrade({ chart: V2 }));
      yield* history([`1 deployed ${INSTALLED}`, `2 deployed ${UPGRADED}`]);
    }),
  ),
  withHelm(
    "one SIGINT while it waits fails the revision",
    Effect.gen(function* () {
      yield* install;
      const exit = yield* during(
        { chart: STUCK },
        { revision: 2, status: "pending-upgrade" },
        ({ cancel }) => cancel,
      );
      failedWith(exit, "UPGRADE FAILED: context canceled");
      yield* history([`1 deployed ${INSTALLED}`, `2 failed ${upgradeFailed("context canceled")}`]);
    }),
  ),
  withHelm(
    "atomic: one SIGINT while it waits rolls back",
    Effect.gen(function* () {
      yield* install;
      const { helmMajor } = yield* Stage;
      const exit = yield* during(
        { chart: STUCK, atomic: true },
        { revision: 2, status: "pending-upgrade" },
        ({ cancel }) => cancel,
      );
      failedWith(exit, rolledBack(helmMajor, "context canceled"));
      yield* history([
        `1 superseded ${INSTALLED}`,
        `2 failed ${upgradeFailed("context canceled")}`,
        "3 deployed Rollback to 1",
      ]);
    }),
  ),
  withHelm(
    "killed while it waits, it leaves the release locked; a rollback unlocks it",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      const exit = yield* during(
        { chart: STUCK, atomic: true },
        { revision: 2, status: "pending-upgrade" },
        () => stage.killHelm,
      );
      assert.strictEqual(exit.code, undefined);
      yield* history([`1 deployed ${INSTALLED}`, "2 pending-upgrade Preparing upgrade"]);
      yield* locked;
      succeeded(yield* rollback(1));
      yield* history([
        `1 superseded ${INSTALLED}`,
        "2 pending-upgrade Preparing upgrade",
        "3 deployed Rollback to 1",
      ]);
      succeeded(yield* upgrade({ chart: V2 }));
    }),
  ),
  withHelm(
    "killed in its automatic rollback, it leaves the release locked",
    Effect.gen(function* () {
      const stage = yield* Stage;
      const hooks = [{ event: "pre-rollback", job: "slow", outcome: "succeeds" }] as const;
      succeeded(yield* upgrade({ chart: { ...V1, hooks } }));
      yield* during(
        { chart: STUCK, atomic: true, timeout: stage.shortTimeout },
        { revision: 3, status: "pending-rollback", after: 0 },
        () => stage.killHelm,
      );
      yield* history([
        `1 deployed ${INSTALLED}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
        "3 pending-rollback Rollback to 1",
      ]);
      yield* locked;
    }),
  ),
];

const installations: ReadonlyArray<ContractCase> = [
  withHelm(
    "a first installation that fails stays as a failed revision",
    Effect.gen(function* () {
      failedWith(yield* failing({ chart: STUCK }), TIMED_OUT);
      yield* history([`1 failed Release "app" failed: ${TIMED_OUT}`]);
    }),
  ),
  withHelm(
    "atomic: a first installation that fails leaves no record",
    Effect.gen(function* () {
      const { helmMajor } = yield* Stage;
      failedWith(
        yield* failing({ chart: STUCK, atomic: true }),
        `release app failed, and has been uninstalled due to ${
          helmMajor === 3 ? "atomic" : "rollback-on-failure"
        } being set: ${TIMED_OUT}`,
      );
      yield* history([]);
    }),
  ),
  withHelm(
    "atomic: an upgrade of a failed installation has nothing to go back to",
    Effect.gen(function* () {
      yield* failing({ chart: STUCK });
      failedWith(
        yield* failing({ chart: STUCK, atomic: true }),
        `UPGRADE FAILED: unable to find a previously successful release when attempting to rollback. original upgrade error: ${TIMED_OUT}`,
      );
      yield* history([
        `1 failed Release "app" failed: ${TIMED_OUT}`,
        `2 failed ${upgradeFailed(TIMED_OUT)}`,
      ]);
    }),
  ),
  withHelm(
    "a good upgrade of a failed installation supersedes it, its description kept",
    Effect.gen(function* () {
      yield* failing({ chart: STUCK });
      succeeded(yield* upgrade({ chart: V2 }));
      yield* history([`1 superseded Release "app" failed: ${TIMED_OUT}`, `2 deployed ${UPGRADED}`]);
    }),
  ),
  withHelm(
    "a first installation that is killed stays locked, and no rollback helps",
    Effect.gen(function* () {
      const stage = yield* Stage;
      yield* during(
        { chart: STUCK },
        { revision: 1, status: "pending-install" },
        () => stage.killHelm,
      );
      yield* history(["1 pending-install Initial install underway"]);
      yield* locked;
      failedWith(yield* rollback(0), "release has no 0 version");
    }),
  ),
  withHelm(
    "an installation that cannot be recorded succeeds and stays pending",
    Effect.gen(function* () {
      const stage = yield* Stage;
      yield* stage.helmFault({ on: "update", kind: "Secret", answer: "forbidden" });
      succeeded(yield* upgrade({ chart: V1 }));
      yield* history(["1 pending-install Initial install underway"]);
    }),
  ),
  withHelm(
    "an uninstalled release whose history was kept is installed anew",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      yield* stage.uninstall(true);
      yield* history(["1 uninstalled Uninstallation complete"]);
      succeeded(yield* upgrade({ chart: V2 }));
      yield* history(["1 superseded superseded by new release", `2 deployed ${INSTALLED}`]);
    }),
  ),
  withHelm(
    "an uninstalled release leaves no history, unless it is to be kept",
    Effect.gen(function* () {
      yield* install;
      const stage = yield* Stage;
      yield* stage.uninstall(false);
      yield* history([]);
    }),
  ),
  withHelm(
    "an installation that was killed is removed, objects and all, and can be made again",
    Effect.gen(function* () {
      const [stage, kubectl] = yield* Effect.all([Stage, Kubectl]);
      yield* during(
        { chart: STUCK },
        { revision: 1, status: "pending-install" },
        () => stage.killHelm,
      );
      succeeded(yield* uninstall);
      yield* history([]);
      const { namespace } = stage.release;
      assert.deepStrictEqual(yield* kubectl.list({ type: Deployment, namespace }), []);
      yield* install;
      yield* history([`1 deployed ${INSTALLED}`]);
    }),
  ),
  withHelm(
    "a removal of what is not there fails",
    Effect.gen(function* () {
      failedWith(yield* uninstall, /^uninstall: Release not loaded: app: release: not found$/);
    }),
  ),
];

export const helmTransitions: ReadonlyArray<ContractCase> = [
  ...refusals,
  ...withoutAtomic,
  ...withAtomic,
  ...endings,
  ...installations,
];
