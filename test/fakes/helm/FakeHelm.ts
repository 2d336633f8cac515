import { Context, Deferred, Effect, Exit, Fiber, Layer, Redacted, Ref } from "effect";
import {
  rollbackArguments,
  uninstallArguments,
  upgradeArguments,
} from "../../../src/domain/helm/arguments.ts";
import { classifyHelmError, helmErrorText, oneLine } from "../../../src/domain/helm/stderr.ts";
import { type HelmVersion, parseHelmVersion } from "../../../src/domain/helm/version.ts";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import { CurrentHelmDriver } from "../../../src/services/helm/CurrentHelmDriver.ts";
import { Helm, HelmError, type HelmExit } from "../../../src/services/helm/Helm.ts";
import { ToolCache } from "../../../src/services/tools/ToolCache.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { type FakeServer, kubectlFor } from "../cluster/kubectl.ts";
import { FakeCharts } from "../FakeCharts.ts";
import { coalesce } from "./chart.ts";
import { inConfigMaps } from "./configmap-driver.ts";
import { HelmFailure } from "./failure.ts";
import { parseFlags } from "./personality.ts";
import {
  ascending,
  configOf,
  historyEntry,
  manifestObjects,
  readAllRecords,
  readRecords,
} from "./records.ts";
import { rollback } from "./rollback.ts";
import { type HelmRuntime, type HelmStep, readText } from "./runtime.ts";
import { uninstall } from "./uninstall.ts";
import { rendered, upgrade } from "./upgrade.ts";

/** What every start of the binary costs. */
const STARTUP = "200 millis";
const VALUES_FILE = "/tmp/tare-values-1/values.json";

export interface HelmInvocation {
  readonly args: ReadonlyArray<string>;
  /** What the values file held. */
  readonly values: JsonObject | undefined;
  /** Another Helm was still at work. */
  readonly besideAnother: boolean;
}

/** The fake Helm as a test sees it; the program under test sees the `Helm` port. */
export class FakeHelm extends Context.Service<
  FakeHelm,
  {
    /** Every command that writes, in order. */
    readonly invocations: Effect.Effect<ReadonlyArray<HelmInvocation>>;
    /** From now on the step fails with `text`, so many times. */
    readonly breakStep: (step: HelmStep, text: string, times?: number) => Effect.Effect<void>;
    /** SIGKILL to whatever runs: nothing is tidied up. */
    readonly kill: Effect.Effect<void>;
    /** Whether any process that writes is still at it. */
    readonly running: Effect.Effect<boolean>;
    /** `helm uninstall`, which is no business of the port. */
    readonly uninstall: (
      release: ReleaseRef,
      options: { readonly keepHistory: boolean },
    ) => Effect.Effect<void, HelmFailure>;
    /** Done between the start of `helm upgrade` and its first look at the release. */
    readonly beforeUpgrade: (act: Effect.Effect<void>) => Effect.Effect<void>;
  }
>()("tare/testing/FakeHelm") {}

interface BrokenStep {
  readonly text: string;
  readonly times: number;
}

export interface FakeHelmOptions {
  /** As Helm prints it, e.g. `v3.21.4`. */
  readonly version: string;
  readonly server: FakeServer;
}

const versionOf = (text: string): HelmVersion =>
  parseHelmVersion(text) ?? { major: 0, minor: 0, patch: 0, text };

export const layerFakeHelm = (
  options: FakeHelmOptions,
): Layer.Layer<Helm | FakeHelm, never, FakeCluster | FakeCharts | ToolCache> =>
  Layer.effectContext(Effect.suspend(() => make(options)));

const make = Effect.fnUntraced(function* ({ version: versionText, server }: FakeHelmOptions) {
  const cluster = yield* FakeCluster;
  const charts = yield* FakeCharts;
  const tools = yield* ToolCache;
  const scope = yield* Effect.scope;
  const version = versionOf(versionText);
  const driver = yield* yield* CurrentHelmDriver;
  const direct = kubectlFor(cluster, "helm", server);
  const api = driver._tag === "ConfigMaps" ? inConfigMaps(direct) : direct;

  const invocations = yield* Ref.make<ReadonlyArray<HelmInvocation>>([]);
  const broken = yield* Ref.make<ReadonlyMap<HelmStep, BrokenStep>>(new Map());
  const meanwhile = yield* Ref.make<Effect.Effect<void>>(Effect.void);
  const processes = yield* Ref.make<ReadonlyArray<Fiber.Fiber<void, HelmFailure>>>([]);

  const runtime: HelmRuntime = {
    version,
    api,
    chartAt: charts.at,
    step: (step) =>
      Effect.flatMap(
        Ref.modify(broken, (steps) => {
          const fault = steps.get(step);
          if (fault === undefined || fault.times === 0) return [undefined, steps] as const;
          return [fault, new Map(steps).set(step, { ...fault, times: fault.times - 1 })] as const;
        }),
        (fault) => {
          if (fault === undefined) return Effect.void;
          const prefix = step.endsWith("hook") ? `${step}s failed: ` : "";
          return Effect.fail(new HelmFailure({ text: `${prefix}${fault.text}` }));
        },
      ),
  };

  const start = Effect.fnUntraced(function* (command: string) {
    yield* Effect.mapError(
      tools.locate("helm"),
      ({ message }) => new HelmError({ command, kind: "not-runnable", text: message }),
    );
    yield* Effect.sleep(STARTUP);
  });

  const read = <A>(command: string, work: Effect.Effect<A, HelmFailure>) =>
    Effect.andThen(
      start(command),
      Effect.mapError(
        work,
        ({ text }) =>
          new HelmError({ command, kind: classifyHelmError(text), text: oneLine(text) }),
      ),
    );

  const records = {
    of: (release: { readonly name: string; readonly namespace: string }) =>
      readRecords(api, release).pipe(
        Effect.map(ascending),
        Effect.mapError((error) => new HelmFailure({ text: readText(version, error) })),
      ),
    all: Effect.mapError(
      readAllRecords(api),
      (error) => new HelmFailure({ text: readText(version, error) }),
    ),
  };

  /** Runs a command as a process of its own; it ends by itself or by `kill`. */
  const spawn = Effect.fnUntraced(function* (
    command: Effect.Effect<void, HelmFailure>,
    noise: ReadonlyArray<string>,
  ) {
    const process = yield* Effect.forkIn(command, scope);
    yield* Ref.update(processes, (running) => [...running, process]);
    const ended = Effect.map(
      Fiber.await(process),
      Exit.match({
        onSuccess: (): HelmExit => ({ code: 0, errorText: "" }),
        onFailure: (cause): HelmExit => {
          const failure = cause.reasons.find((reason) => reason._tag === "Fail");
          return failure === undefined
            ? { code: undefined, errorText: "helm was ended by a signal" }
            : {
                code: 1,
                errorText: helmErrorText([...noise, `Error: ${failure.error.text}`].join("\n")),
              };
        },
      }),
    );
    return { process, ended };
  });

  const isRunning = Effect.map(Ref.get(processes), (started) =>
    started.some((process) => process.pollUnsafe() === undefined),
  );

  const log = (args: ReadonlyArray<string>, values?: JsonObject) =>
    Effect.flatMap(isRunning, (besideAnother) =>
      Ref.update(invocations, (known) => [...known, { args, values, besideAnother }]),
    );

  const helm = Helm.of({
    version: Effect.as(start("version"), version),

    history: (release) =>
      read(
        "history",
        Effect.map(records.of(release), (found) => found.map(historyEntry)),
      ),

    releases: read(
      "list",
      Effect.map(records.all, (all) => {
        const newest = new Map(
          ascending(all).map((record) => [`${record.namespace}/${record.name}`, record]),
        );
        return [...newest.values()].map((record) => ({
          name: record.name,
          namespace: record.namespace,
          status: record.info.status,
          chart: historyEntry(record).chart,
        }));
      }),
    ),

    userValues: (release, revision) =>
      read(
        "get values",
        Effect.flatMap(records.of(release), (found) => {
          const record = found.find((one) => one.version === revision);
          return record === undefined
            ? Effect.fail(new HelmFailure({ text: "release: not found" }))
            : Effect.succeed(Redacted.make(configOf(record), { label: "values" }));
        }),
      ),

    notes: (release, revision) =>
      read(
        "get notes",
        Effect.flatMap(records.of(release), (found) => {
          const record = found.find((one) => one.version === revision);
          return record === undefined
            ? Effect.fail(new HelmFailure({ text: "release: not found" }))
            : Effect.succeed(record.info.notes ?? "");
        }),
      ),

    allValues: (release, revision) =>
      read(
        "get values",
        Effect.flatMap(records.of(release), (found) => {
          const record = found.find((one) => one.version === revision);
          return record === undefined
            ? Effect.fail(new HelmFailure({ text: "release: not found" }))
            : Effect.succeed(
                Redacted.make(coalesce(record.chart.values ?? {}, configOf(record)), {
                  label: "values",
                }),
              );
        }),
      ),

    applyMethod: (release, revision) =>
      version.major < 4
        ? Effect.succeed("client")
        : read(
            "get metadata",
            Effect.flatMap(records.of(release), (found) => {
              const record = found.find((one) => one.version === revision);
              return record === undefined
                ? Effect.fail(new HelmFailure({ text: "release: not found" }))
                : Effect.succeed(record.apply_method === "ssa" ? "server" : "client");
            }),
          ),

    manifest: (release, revision) =>
      read(
        "get manifest",
        Effect.flatMap(records.of(release), (found) => {
          const record = found.find((one) => one.version === revision);
          return record === undefined
            ? Effect.fail(new HelmFailure({ text: "release: not found" }))
            : Effect.succeed(manifestObjects(record));
        }),
      ),

    render: (request, answers) => {
      const values = Redacted.value(request.values);
      return read(
        answers === "server" ? "upgrade" : "template",
        Effect.map(rendered(runtime, { ...request, values }, answers), (release) =>
          Redacted.make(release),
        ),
      );
    },

    upgrade: Effect.fnUntraced(function* (request) {
      yield* start("upgrade");
      const args = upgradeArguments(version, { ...request, valuesFile: VALUES_FILE });
      const values = Redacted.value(request.values);
      yield* log(args, values);
      const flags = parseFlags(version, args);
      const cancelled = yield* Deferred.make<void>();
      const command =
        "unknownFlag" in flags
          ? Effect.fail(new HelmFailure({ text: `unknown flag: ${flags.unknownFlag}` }))
          : Effect.andThen(
              Effect.flatten(Ref.get(meanwhile)),
              upgrade(runtime, { ...request, values, flags, wait: flags.wait, cancelled }),
            );
      const noise = [
        ...("unknownFlag" in flags ? [] : flags.deprecations),
        ...(version.major >= 4
          ? [`level=WARN msg="upgrade failed" name=${request.release.name}`]
          : []),
      ];
      const { process, ended } = yield* spawn(command, noise);
      const cancel = Effect.asVoid(Deferred.succeed(cancelled, undefined));
      yield* Effect.addFinalizer(() =>
        process.pollUnsafe() === undefined ? Effect.andThen(cancel, ended) : Effect.void,
      );
      return { exit: ended, cancel };
    }),

    rollback: (request) =>
      Effect.gen(function* () {
        yield* start("rollback");
        const args = rollbackArguments(version, request);
        yield* log(args);
        const flags = parseFlags(version, args);
        const command =
          "unknownFlag" in flags
            ? Effect.fail(new HelmFailure({ text: `unknown flag: ${flags.unknownFlag}` }))
            : rollback(runtime, { ...request, ...flags, pruning: true });
        const { ended } = yield* spawn(command, []);
        return yield* ended;
      }).pipe(Effect.uninterruptible),

    uninstall: (request) =>
      Effect.gen(function* () {
        yield* start("uninstall");
        yield* log(uninstallArguments(version, request));
        const { ended } = yield* spawn(
          uninstall(runtime, request.release, { keepHistory: false }),
          [],
        );
        return yield* ended;
      }).pipe(Effect.uninterruptible),

    pull: (url) =>
      read(
        "pull",
        charts.at(url) === undefined
          ? Effect.fail(new HelmFailure({ text: `failed to fetch ${url} : 404 Not Found` }))
          : Effect.succeed(url),
      ),
  });

  const fake = FakeHelm.of({
    invocations: Ref.get(invocations),
    breakStep: (step, text, times = Number.POSITIVE_INFINITY) =>
      Ref.update(broken, (steps) => new Map(steps).set(step, { text, times })),
    kill: Effect.flatMap(Ref.get(processes), (running) => Fiber.interruptAll(running)),
    running: isRunning,
    uninstall: (release, options) => uninstall(runtime, release, options),
    beforeUpgrade: (act) => Ref.set(meanwhile, act),
  });

  return Context.make(Helm, helm).pipe(Context.add(FakeHelm, fake));
});
