import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { assert, describe, it } from "@effect/vitest";
import { Clock, Effect } from "effect";
import type { IssuedCredential } from "../../../../src/services/kube/credentials/credential.ts";
import { readExecCredential } from "../../../../src/services/kube/credentials/exec-protocol.ts";
import { isLent, lendLogin } from "../../../../src/services/kube/credentials/lent.ts";
import { sharedCredential } from "../../../../src/services/kube/credentials/shared.ts";
import type { ExecEntry } from "../../../../src/services/kube/kubeconfig/decode.ts";

const run = promisify(execFile);
const V1 = "client.authentication.k8s.io/v1";

/** What a program is shown that asks the plugin. */
const ask = ({ command, args }: ExecEntry) =>
  Effect.promise(async () => readExecCredential((await run(command, [...args])).stdout, V1));

const bearer = (answer: IssuedCredential | string) =>
  typeof answer === "string" ? answer : answer.credential.authorization;

/** Each issued token is the number of its turn; the first ends after so many milliseconds. */
const issuing = (firstMillis: number, later: Effect.Effect<void> = Effect.void) => {
  let count = 0;
  return Effect.gen(function* () {
    if (count > 0) yield* later;
    count += 1;
    const now = yield* Clock.currentTimeMillis;
    const issued: IssuedCredential = {
      credential: { authorization: `Bearer token-${count}`, certificate: undefined },
      expiresAt: now + (count === 1 ? firstMillis : 3_600_000),
    };
    return issued;
  });
};

const lend = (issue: Parameters<typeof sharedCredential>[0]) =>
  Effect.flatMap(sharedCredential(issue), ({ issued }) => lendLogin(issued));

describe("a login that Helm takes from this run", () => {
  const exec = (interactiveMode: string) =>
    ({ _tag: "Exec", exec: { interactiveMode } as ExecEntry }) as const;

  it("is one that asks a person on the terminal, or has a refresh-token", () => {
    assert.isTrue(isLent({ _tag: "Oidc", user: "me", config: new Map() }, false));
    assert.isTrue(isLent(exec("Always"), true));
    assert.isTrue(isLent(exec("IfAvailable"), true));
    assert.isFalse(isLent(exec("IfAvailable"), false));
    assert.isFalse(isLent(exec("Never"), true));
    assert.isFalse(isLent({ _tag: "Token", token: "t" }, true));
  });

  it.live("is shown by a plugin, from files of the owner's alone that go with the run", () =>
    Effect.gen(function* () {
      let folder = "";
      yield* Effect.scoped(
        Effect.gen(function* () {
          const plugin = yield* lend(issuing(3_600_000));
          assert.strictEqual(bearer(yield* ask(plugin)), "Bearer token-1");
          assert.notInclude(plugin.args.join(" "), "token-1");
          folder = plugin.args.at(-2) ?? "";
          const modes = ["", "credential", "until"].map(
            (name) => statSync(join(folder, name)).mode & 0o777,
          );
          assert.deepStrictEqual(modes, [0o700, 0o600, 0o600]);
        }),
      );
      assert.isFalse(existsSync(folder));
    }),
  );

  it.live("may be a certificate, and need not end", () => {
    const certificate = { cert: "the certificate", key: "the key" };
    const issue = Effect.succeed({
      credential: { authorization: undefined, certificate },
      expiresAt: undefined,
    });
    return Effect.scoped(
      Effect.gen(function* () {
        const { command, args } = yield* lend(issue);
        const { stdout } = yield* Effect.promise(() => run(command, [...args]));
        assert.deepStrictEqual(JSON.parse(stdout).status, {
          clientCertificateData: certificate.cert,
          clientKeyData: certificate.key,
        });
      }),
    );
  });

  it.live("that has ended is waited for until this run has another", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const plugin = yield* lend(issuing(1, Effect.sleep("2 seconds")));
        assert.strictEqual(bearer(yield* ask(plugin)), "Bearer token-2");
      }),
    ),
  );

  it.live("that has ended is not waited for when this run is gone", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const plugin = yield* lend(issuing(1, Effect.never));
        const gone = yield* Effect.promise(async () => {
          const { stdout } = await run("/bin/sh", ["-c", "echo $$"]);
          return stdout.trim();
        });
        const orphaned = { ...plugin, args: [...plugin.args.slice(0, -1), gone] };
        assert.strictEqual(bearer(yield* ask(orphaned)), "Bearer token-1");
      }),
    ),
  );
});
