/**
 * A login that programs started by this run take from it, as they could not repeat it: it may ask a person, whom they do not
 * reach, or use up a refresh-token. It lies in a folder of its owner's alone, kept as fresh as the run's own.
 */
import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duration, Effect } from "effect";
import { waitFor } from "../../../domain/run/waiting.ts";
import { runFolderPrefix } from "../../disk/run-folders.ts";
import type { KubectlError } from "../Kubectl.ts";
import type { Login } from "../kubeconfig/access.ts";
import type { ExecEntry } from "../kubeconfig/decode.ts";
import { type IssuedCredential, noCredential } from "./credential.ts";

/** Whether others have to take it from this run; what needs no person and no refresh-token they repeat themselves. */
export const isLent = (login: Login, hasTerminal: boolean): boolean =>
  login._tag === "Oidc" ||
  (login._tag === "Exec" && login.exec.interactiveMode !== "Never" && hasTerminal);

const VERSION = "client.authentication.k8s.io/v1";
/** As long as a login may take. */
const LONGEST_WAIT_SECONDS = 900;
const BETWEEN_LOOKS = Duration.seconds(1);
const AFTER_A_FAILURE = Duration.seconds(10);

/** Waits while this run, of process id `$2`, renews what has ended: as long as it lives. */
const SHOW = `left=${LONGEST_WAIT_SECONDS}
while [ "$left" -gt 0 ] && [ -s "$1/until" ] && [ "$(cat "$1/until")" -le "$(date +%s)" ] && kill -0 "$2" 2>/dev/null
do sleep 1; left=$((left - 1)); done
cat "$1/credential"`;

const pluginFor = (folder: string): ExecEntry => ({
  apiVersion: VERSION,
  command: "/bin/sh",
  args: ["-c", SHOW, "tare", folder, String(process.pid)],
  env: [],
  installHint: "",
  provideClusterInfo: false,
  interactiveMode: "Never",
});

const answerOf = ({ credential, expiresAt }: IssuedCredential): string => {
  const { authorization, certificate } = credential;
  const status = {
    token: authorization?.replace(/^Bearer /, ""),
    clientCertificateData: certificate?.cert,
    clientKeyData: certificate?.key,
    expirationTimestamp: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  };
  return JSON.stringify({ kind: "ExecCredential", apiVersion: VERSION, status });
};

/** Each file is whole at any time, and `until` never ahead of its credential. */
const show = async (folder: string, issued: IssuedCredential): Promise<void> => {
  const { expiresAt } = issued;
  const put = async (name: string, text: string) => {
    await writeFile(join(folder, `${name}.new`), text, { mode: 0o600 });
    await rename(join(folder, `${name}.new`), join(folder, name));
  };
  await put("credential", answerOf(issued));
  await put("until", expiresAt === undefined ? "" : String(Math.floor(expiresAt / 1000)));
};

const cannot = (cause: unknown): KubectlError =>
  noCredential(`the login for Helm cannot be written: ${(cause as Error).message}`);

/** The credential plugin that shows the login, until the scope ends. */
export const lendLogin = Effect.fn("kube.lend")(function* (
  issued: Effect.Effect<IssuedCredential, KubectlError>,
) {
  const scope = yield* Effect.scope;
  const folder = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const made = await mkdtemp(join(tmpdir(), runFolderPrefix("login")));
        await chmod(made, 0o700);
        return made;
      },
      catch: cannot,
    }),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true })),
  );
  let shown: IssuedCredential | undefined;
  const update = Effect.gen(function* () {
    const next = yield* issued;
    if (next === shown) return;
    yield* Effect.tryPromise({ try: () => show(folder, next), catch: cannot });
    shown = next;
  });
  yield* update;
  const keepFresh = Effect.delay(update, BETWEEN_LOOKS).pipe(
    Effect.catch(() => waitFor("credentials-again", AFTER_A_FAILURE)),
    Effect.forever,
  );
  yield* Effect.forkIn(keepFresh, scope);
  return pluginFor(folder);
});
