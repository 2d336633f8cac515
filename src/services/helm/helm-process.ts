import { Effect, Fiber, type PlatformError, Ref, type Scope, Stream } from "effect";
import { ChildProcess, ChildProcessSpawner } from "effect/process";
import { helmErrorText } from "../../domain/helm/stderr.ts";
import { shellQuote } from "../../domain/hints/operator-commands.ts";
import type { HelmExit } from "./Helm.ts";

/** Settings that would point Helm elsewhere than this run, or (debugging) make it print the values. */
const HELM_ENVIRONMENT = {
  HELM_DEBUG: "false",
  HELM_KUBECONTEXT: undefined,
  HELM_KUBEAPISERVER: undefined,
  HELM_KUBETOKEN: undefined,
  HELM_KUBEASUSER: undefined,
  HELM_KUBEASGROUPS: undefined,
  HELM_KUBECAFILE: undefined,
  HELM_KUBEINSECURE_SKIP_TLS_VERIFY: undefined,
  HELM_KUBETLS_SERVER_NAME: undefined,
  HELM_NAMESPACE: undefined,
};

/** Enough of stderr for any error; a chatty plugin must not fill the memory. */
const STDERR_KEPT = 256 * 1024;
/** A credential plugin may leave a helper behind that holds the pipes: Helm's own last words come sooner. */
const OUTPUT_AFTER_EXIT = "2 seconds";

interface Finished {
  readonly exit: HelmExit;
  readonly stdout: string;
}

/** Where a Helm writes that must outlive this process: it dies of the first warning into a pipe that has no reader any more. */
export interface Outlet {
  /** Takes stderr; it exists already, with the mode it should have. */
  readonly file: string;
  readonly text: Effect.Effect<string>;
}

const INTO_OUTLET = 'exec "$@" >/dev/null 2>"$0"';

interface HelmProcess {
  readonly finished: Effect.Effect<Finished>;
  readonly isRunning: Effect.Effect<boolean>;
  /** Sends the signal to the whole process group and does not wait. */
  readonly signal: (name: "SIGINT") => Effect.Effect<void>;
}

/**
 * Starts Helm in a process group of its own, with its output in pipes or, with an `outlet`, its stderr there. Both outputs are drained from the start, since a full pipe would block it.
 * Closing the scope ends a process that still runs.
 */
export const startHelm = Effect.fnUntraced(function* (
  binary: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
  outlet?: Outlet,
): Effect.fn.Return<
  HelmProcess,
  PlatformError.PlatformError,
  ChildProcessSpawner.ChildProcessSpawner | Scope.Scope
> {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner;
  const [program, words] =
    outlet === undefined
      ? [binary, [...args]]
      : ["/bin/sh", ["-c", INTO_OUTLET, outlet.file, binary, ...args]];
  const handle = yield* spawner.spawn(
    ChildProcess.make(program, words, {
      stdin: "ignore",
      env: { ...HELM_ENVIRONMENT, ...environment },
      extendEnv: true,
    }),
  );
  const collect = Effect.fnUntraced(function* (
    stream: typeof handle.stdout,
    join: (before: string, chunk: string) => string,
  ) {
    const text = yield* Ref.make("");
    const reading = stream.pipe(
      Stream.decodeText(),
      Stream.runForEach((chunk) => Ref.update(text, (before) => join(before, chunk))),
      Effect.ignore,
    );
    return { text: Ref.get(text), reader: yield* Effect.forkScoped(reading) };
  });
  const stdout = yield* collect(handle.stdout, (before, chunk) => before + chunk);
  const stderr = yield* collect(handle.stderr, (before, chunk) =>
    (before + chunk).slice(-STDERR_KEPT),
  );
  const finished = Effect.gen(function* () {
    // A process ended by a signal has no code.
    const code = yield* Effect.orElseSucceed(handle.exitCode, () => undefined);
    yield* Effect.timeoutOption(Fiber.joinAll([stdout.reader, stderr.reader]), OUTPUT_AFTER_EXIT);
    const said = yield* outlet === undefined ? stderr.text : outlet.text;
    const errorText = code === 0 ? "" : helmErrorText(said.slice(-STDERR_KEPT)) || endedBy(code);
    return { exit: { code, errorText }, stdout: yield* stdout.text } satisfies Finished;
  }).pipe(
    Effect.withSpan("helm", { attributes: { command: commandOf(args), line: quoted(args) } }),
  );
  return {
    finished,
    isRunning: Effect.orElseSucceed(handle.isRunning, () => false),
    signal: (name) =>
      Effect.asVoid(Effect.forkDetach(Effect.ignore(handle.kill({ killSignal: name })))),
  };
});

/** Values are in files, and logins in the environment: nothing in here is secret. */
const quoted = (args: ReadonlyArray<string>): string => args.map(shellQuote).join(" ");

/** Of the arguments only the words that say what is done. */
const commandOf = (args: ReadonlyArray<string>): string =>
  args.slice(0, args[0] === "get" ? 2 : 1).join(" ");

const endedBy = (code: number | undefined): string =>
  code === undefined ? "helm was ended by a signal" : `helm exited with code ${code}`;
