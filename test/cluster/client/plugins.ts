/** Credential plugins as shell scripts: well-behaved ones, and those that bug reports tell of. */
import { join } from "node:path";
import { save } from "./certificates.ts";

const V1 = "client.authentication.k8s.io/v1";
export const HINT = "Install corp-login: brew install corp-login";

const printing = (status: object, apiVersion = V1): string =>
  `printf '%s' '${JSON.stringify({ kind: "ExecCredential", apiVersion, status })}'`;

/** Puts every plugin into the folder, each with a line in `plugin.log` for every time it runs. */
export const writePlugins = (
  folder: string,
  token: string,
  pair: { readonly cert: string; readonly key: string },
): void => {
  const log = `echo run >> '${join(folder, "plugin.log")}'`;
  const script = (name: string, body: string): void => {
    save(join(folder, name), `#!/bin/sh\n${log}\n${body}\n`, 0o700);
  };
  script("plain", printing({ token }));
  script("beta", printing({ token }, "client.authentication.k8s.io/v1beta1"));
  script("slow", `sleep 3\n${printing({ token })}`);
  script(
    "prompt",
    `echo 'To sign in, enter the code ABCD-EFGH' >&2\nsleep 1\n${printing({ token })}`,
  );
  script(
    "info",
    `case "$KUBERNETES_EXEC_INFO" in *'"server":"https'*) ;; *) exit 9;; esac\n${printing({ token })}`,
  );
  script("always-info", `[ -n "$KUBERNETES_EXEC_INFO" ] || exit 9\n${printing({ token })}`);
  script(
    "config",
    `case "$KUBERNETES_EXEC_INFO" in *'"audience":"prod"'*) ;; *) exit 9;; esac\n${printing({ token })}`,
  );
  script(
    "variables",
    `[ "$CORP_PROFILE" = prod ] && [ "$1" = --login ] || exit 9\n${printing({ token })}`,
  );
  script("closed-stdin", `if read answer; then exit 9; fi\n${printing({ token })}`);
  script(
    "terminal",
    `[ -t 0 ] || exit 9\necho 'Enter the code ABCD-EFGH' >&2\n${printing({ token })}`,
  );
  script("fail", `echo 'session expired: run corp-login first' >&2\nexit 3`);
  script("garbage", `echo 'Update available: 2.1'\n${printing({ token })}`);
  script("nothing", "true");
  script("other-version", printing({ token }, "client.authentication.k8s.io/v1beta1"));
  script("no-status", `printf '%s' '{"kind":"ExecCredential","apiVersion":"${V1}"}'`);
  script("empty-status", printing({}));
  script("half", printing({ clientCertificateData: pair.cert }));
  script("bad-time", printing({ token, expirationTimestamp: "tomorrow" }));
  script("certificate", printing({ clientCertificateData: pair.cert, clientKeyData: pair.key }));
  script(
    "yaml",
    `cat <<'END'\nkind: ExecCredential\napiVersion: ${V1}\nstatus:\n  token: ${token}\nEND`,
  );
  script("expired", printing({ token, expirationTimestamp: "2020-01-01T00:00:00Z" }));
  script(
    "expiring",
    `end=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)\nprintf '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"token":"%s","expirationTimestamp":"%s"}}' '${token}' "$end"`,
  );
};

export const exec = (command: string, more: object = {}): object => ({
  exec: {
    apiVersion: V1,
    command,
    interactiveMode: "IfAvailable",
    installHint: HINT,
    ...more,
  },
});
