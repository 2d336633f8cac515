/** Runs credential plugins as kubectl does: on the operator's terminal, and once for all who wait. */
import { spawn } from "node:child_process";
import { isatty } from "node:tty";
import { Duration, Effect } from "effect";
import type { KubectlError } from "../Kubectl.ts";
import type { ClusterAccess } from "../kubeconfig/access.ts";
import type { ExecEntry } from "../kubeconfig/decode.ts";
import { noCredential } from "./credential.ts";
import { execInfo, readExecCredential } from "./exec-protocol.ts";
import { sharedCredential } from "./shared.ts";

/** The operator may have to fetch a phone and type a code. */
const LONGEST_LOGIN = Duration.minutes(15);
const MOST_OUTPUT = 16 * 1024 * 1024;
const STDIN = 0;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** Control characters of a kubeconfig could garble a terminal; lines and tabs do not. */
const harmless = (text: string): string => text.replaceAll(/[^\P{Cc}\t\n]/gu, "");

const notFound = ({ command, installHint }: ExecEntry): KubectlError =>
  noCredential(
    [`the credential plugin ${command} is not installed`, harmless(installHint).trim()]
      .filter((part) => part !== "")
      .join(". "),
  );

const runPlugin = (exec: ExecEntry, info: string, interactive: boolean) =>
  Effect.callback<Ended, KubectlError>((resume) => {
    const own = Object.fromEntries(exec.env.map(({ name, value }) => [name, value]));
    const child = spawn(exec.command, [...exec.args], {
      env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: info },
      // Its questions go to the operator, whatever becomes of our own output.
      stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
    });
    const chunks: Array<Buffer> = [];
    let size = 0;
    child.stdout?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT) child.kill();
      else chunks.push(chunk);
    });
    child.once("error", (cause: NodeJS.ErrnoException) =>
      resume(
        Effect.fail(
          cause.code === "ENOENT"
            ? notFound(exec)
            : noCredential(`the credential plugin ${exec.command} cannot be run (${cause.code})`),
        ),
      ),
    );
    child.once("close", (code, signal) =>
      resume(Effect.succeed({ code, signal, stdout: Buffer.concat(chunks).toString("utf8") })),
    );
    return Effect.sync(() => child.kill());
  });

const howItEnded = ({ code, signal }: Ended): string =>
  code === null ? `was ended by ${signal ?? "a signal"}` : `failed with exit code ${code}`;

const login = Effect.fn("kube.exec")(function* (
  access: ClusterAccess,
  exec: ExecEntry,
  authority: Effect.Effect<string | undefined, KubectlError>,
) {
  const hasTerminal = isatty(STDIN);
  if (exec.interactiveMode === "Always" && !hasTerminal) {
    return yield* noCredential(
      `the credential plugin ${exec.command} needs a terminal: standard input is none`,
    );
  }
  const interactive = exec.interactiveMode !== "Never" && hasTerminal;
  const info = execInfo(access, exec, {
    interactive,
    authority: exec.provideClusterInfo ? yield* authority : undefined,
  });
  const ended = yield* Effect.timeoutOrElse(runPlugin(exec, info, interactive), {
    duration: LONGEST_LOGIN,
    orElse: () =>
      Effect.fail(
        noCredential(
          `the credential plugin ${exec.command} did not end within ${Duration.toMinutes(LONGEST_LOGIN)} minutes`,
        ),
      ),
  });
  if (ended.code !== 0) {
    return yield* noCredential(`the credential plugin ${exec.command} ${howItEnded(ended)}`);
  }
  const issued = readExecCredential(ended.stdout, exec.apiVersion);
  return typeof issued === "string"
    ? yield* noCredential(`the credential plugin ${exec.command}: ${issued}`)
    : issued;
});

export const execCredential = (
  access: ClusterAccess,
  exec: ExecEntry,
  authority: Effect.Effect<string | undefined, KubectlError>,
) => sharedCredential(login(access, exec, authority));
