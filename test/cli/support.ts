/** The real command line on a simulated cluster, as an operator's shell would run it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Clock,
  ConfigProvider,
  Context,
  Deferred,
  type Duration,
  Effect,
  type Exit,
  Fiber,
  FileSystem,
  Layer,
  Logger,
  Path,
  Redacted,
  Stdio,
  Terminal,
} from "effect";
import { Command } from "effect/cli";
import { ChildProcessSpawner } from "effect/process";
import { TestConsole } from "effect/testing";
import { makeOwnEnd, type OwnEnd, teardown } from "../../src/cli/exit.ts";
import { wantsJson } from "../../src/cli/flags/output.ts";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { type TareServices, tareCommand } from "../../src/cli/tare.ts";
import type { ClusterChoice } from "../../src/domain/kube/cluster-choice.ts";
import type { ChartReference } from "../../src/domain/run/upgrade-options.ts";
import { type WaitName, WaitObserver } from "../../src/domain/run/waiting.ts";
import { makeJsonOutput } from "../../src/render/json/ReporterJson.ts";
import { layerReporterText } from "../../src/render/text/ReporterText.ts";
import { type Paint, PLAIN } from "../../src/render/text/text.ts";
import { ChartSource } from "../../src/services/chart/ChartSource.ts";
import { ManagementPlane } from "../../src/services/events/ManagementPlane.ts";
import { CLI_VERSION } from "../../src/version.ts";
import {
  allObjects,
  FakeCluster,
  FakeHelm,
  IDENTITY,
  simulate,
  type World,
} from "../fakes/index.ts";
import { layerNoToolShelf } from "../fakes/tools.ts";

/** Nothing of this machine: no files, no terminal, no processes. */
export const platform = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Stdio.layerTest({}),
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.succeed(80),
      rows: Effect.succeed(24),
      size: Effect.die("unused"),
      readInput: Effect.die("unused"),
      readLine: Effect.die("unused"),
      display: () => Effect.void,
    }),
  ),
  Layer.succeed(
    ChildProcessSpawner.ChildProcessSpawner,
    ChildProcessSpawner.make(() => Effect.die("no processes in tests")),
  ),
);

export const IDENTITY_JSON: Readonly<Record<string, unknown>> = {
  ...IDENTITY,
  privateKey: Redacted.value(IDENTITY.privateKey),
};

/** A folder of its own for one test, removed at its end. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tare-cli-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
);

/** `KUBECONFIG` of whoever runs the tests must not show in what is printed. */
const withKubeconfig = (value: string | undefined) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = process.env.KUBECONFIG;
      setKubeconfig(value);
      return before;
    }),
    (before) => Effect.sync(() => setKubeconfig(before)),
  );

const setKubeconfig = (value: string | undefined): void => {
  if (value === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = value;
};

/** What the process would end with. */
export const exitCodeOf = (
  exit: Exit.Exit<unknown, unknown>,
  signal?: NodeJS.Signals,
  onCode?: (exitCode: number) => void,
  ownExit?: OwnEnd["exit"],
): Effect.Effect<number> =>
  Effect.callback((resume) => {
    const before = process.exitCode;
    teardown(
      () => signal,
      onCode,
      ownExit,
    )(exit, (code) => {
      // The tests' own exit code is none of its business.
      process.exitCode = before;
      resume(Effect.succeed(code));
    });
  });

export interface CliOptions {
  readonly paint?: Paint;
  readonly env?: Record<string, string>;
  readonly kubeconfig?: string;
  /** Written to `identity.json` with mode 0600; `undefined` for no such file. */
  readonly identity?: unknown;
  /** Goes to the file as it is. */
  readonly identityText?: string | Uint8Array;
  readonly files?: Readonly<Record<string, string>>;
  /** A signal, and when it comes: after a while, or as soon as the run waits for something. */
  readonly signal?: {
    readonly name: NodeJS.Signals;
    readonly after: Duration.Input | { readonly wait: WaitName };
  };
}

/** As the runtime does on a signal: the program is interrupted and waited for. */
const signalled = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  after: NonNullable<CliOptions["signal"]>["after"],
) =>
  Effect.gen(function* () {
    const reached = yield* Deferred.make<void>();
    const isWait = typeof after === "object" && "wait" in after;
    const observer = (name: WaitName) =>
      isWait && name === after.wait ? Deferred.succeed(reached, undefined) : Effect.void;
    const fiber = yield* Effect.forkChild(
      Effect.provideService(program, WaitObserver, (name) => Effect.asVoid(observer(name))),
    );
    if (isWait) yield* Effect.raceFirst(Deferred.await(reached), Fiber.await(fiber));
    else yield* Effect.sleep(after);
    const signalledAt = yield* Clock.currentTimeMillis;
    yield* Fiber.interrupt(fiber);
    const sinceSignal = (yield* Clock.currentTimeMillis) - signalledAt;
    return { exit: yield* Fiber.await(fiber), sinceSignal };
  });

/**
 * Runs `tare` with the arguments. `FOLDER/` in an argument is a temporary folder that holds `identity.json`; in what was
 * printed it is left out, so that screens read as if `tare` had been run inside it.
 */
export const runCli = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  options: CliOptions = {},
) {
  const folder = yield* temporaryFolder;
  yield* withKubeconfig(options.kubeconfig);
  const files = {
    "identity.json": options.identityText ?? JSON.stringify(options.identity ?? IDENTITY_JSON),
    ...options.files,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }

  const world = yield* Effect.context<World>();
  const jsonLines: Array<string> = [];
  const json = wantsJson(args)
    ? makeJsonOutput((line) => jsonLines.push(line), CLI_VERSION)
    : undefined;
  const choices: Array<ClusterChoice> = [];
  const references: Array<ChartReference> = [];
  const charts = Context.get(world, ChartSource);
  const services = (choice: ClusterChoice): Layer.Layer<TareServices> => {
    choices.push(choice);
    return Layer.mergeAll(
      Layer.succeedContext(world),
      Layer.succeed(
        ChartSource,
        ChartSource.of({
          ...charts,
          resolve: (reference) => {
            references.push(reference);
            return charts.resolve(reference);
          },
        }),
      ),
      json?.layer ?? layerReporterText(options.paint ?? PLAIN),
    );
  };
  const logged: Array<string> = [];
  const logger = Logger.make(({ logLevel, message }) => {
    logged.push(`${logLevel} ${String(message)}`);
  });

  const [outBefore, errBefore] = [
    (yield* TestConsole.logLines).length,
    (yield* TestConsole.errorLines).length,
  ];
  const ownEnd = makeOwnEnd();
  const command = tareCommand(
    services,
    () => layerNoToolShelf,
    () => Layer.succeed(ManagementPlane, Context.get(world, ManagementPlane)),
  );
  const program = Command.runWith(command, { version: CLI_VERSION })(
    args.map((word) => word.replaceAll("FOLDER/", `${folder}/`)),
  ).pipe(
    Effect.provide([
      platform,
      layerPresentation(false, json?.refuse),
      Logger.layer([logger]),
      ConfigProvider.layer(ConfigProvider.fromEnv({ env: options.env ?? {} })),
    ]),
    ownEnd.keep,
    Effect.uninterruptible,
  );
  const simulated = yield* simulate(
    options.signal === undefined
      ? Effect.map(Effect.exit(program), (exit) => ({ exit, sinceSignal: Number.NaN }))
      : signalled(program, options.signal.after),
  );
  const { elapsed } = simulated;
  const { exit, sinceSignal } = yield* simulated.exit;
  const local = (text: unknown): string => String(text).replaceAll(`${folder}/`, "");
  const lines = (all: ReadonlyArray<unknown>) => all.flatMap((text) => local(text).split("\n"));
  const code = yield* exitCodeOf(exit, options.signal?.name, json?.end, ownEnd.exit);
  const printed = (yield* TestConsole.logLines).slice(outBefore);
  const stdout = lines([...printed, ...jsonLines]);
  const stderr = lines((yield* TestConsole.errorLines).slice(errBefore));
  const logs = lines(logged);
  const invocations = yield* (yield* FakeHelm).invocations;
  return {
    exit,
    code,
    elapsed,
    /** From the signal to the end, in virtual milliseconds; no number without one. */
    sinceSignal,
    stdout,
    stderr,
    logs,
    /** Everything a person or a log file could get to see. */
    everything: [...stdout, ...stderr, ...logs].join("\n"),
    choices,
    references,
    invocations,
    values: invocations[0]?.values ?? {},
    helmArgs: invocations[0]?.args ?? [],
  };
}, Effect.scoped);

/** `tare upgrade identity.json …`. */
export const runUpgradeCli = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runCli(["upgrade", "FOLDER/identity.json", ...flags], options);

/** All that the cluster holds. */
export const clusterObjects = Effect.gen(function* () {
  return allObjects(yield* (yield* FakeCluster).snapshot);
});

export const withoutField = (
  record: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));

const WRITING: ReadonlySet<string> = new Set(["create", "replace", "delete", "apply"]);

/** Without what was rehearsed. */
export const realWrites = Effect.gen(function* () {
  const { requests } = yield* FakeCluster;
  return (yield* requests)
    .filter(({ verb, dryRun }) => WRITING.has(verb) && !dryRun)
    .map(({ actor, label }) => `${actor}: ${label}`);
});

/** `tare install identity.json …`. */
export const runInstallCli = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runCli(["install", "FOLDER/identity.json", ...flags], options);

export const PULL_PASSWORD = "pull-password-0123456789";
export const PULL_LOGIN = Buffer.from(`robot:${PULL_PASSWORD}`).toString("base64");
/** Of the registry of the installed values. */
export const PULL_CONFIG = JSON.stringify({ auths: { "gcr.io": { auth: PULL_LOGIN } } });
