import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import {
  helmCommand,
  kubectlCommand,
  type OperatorEnvironment,
  shellQuote,
  tareCommand,
} from "../../../src/domain/hints/operator-commands.ts";
import { PLAIN_OPERATOR } from "../../fakes/index.ts";

/**
 * What a POSIX shell makes of a line: single quotes, backslashes outside of them, and nothing else. Any character that a
 * shell would do more with is refused, as is a tilde that it would expand.
 */
const shellWords = (line: string): ReadonlyArray<string> => {
  const words: Array<string> = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === "'") {
      const end = line.indexOf("'", at + 1);
      assert.notStrictEqual(end, -1, `unclosed quote in ${line}`);
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (character === "\\") {
      at += 1;
      word = (word ?? "") + (line[at] ?? assert.fail(`nothing after \\ in ${line}`));
    } else if (character === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      assert.notInclude('\t\n\r"$`!*?[]{}()<>|&;#^', character, `unquoted ${character} in ${line}`);
      if (word === undefined)
        assert.notInclude("~=", character, `unquoted ${character} in ${line}`);
      word = (word ?? "") + character;
    }
  }
  return word === undefined ? words : [...words, word];
};

const Word = Schema.Union([
  Schema.String,
  Schema.Literals([
    "",
    "'",
    "''",
    "it's",
    "a b",
    "$HOME",
    "`id`",
    "$(id)",
    "a\nb",
    "\\",
    "~",
    "~/x",
    "=ls",
    "*",
    "a;b",
    "#c",
    "!!",
    "{a,b}",
    "é",
    '"',
    "-n",
    "a=b",
    "C:\\x",
  ]),
]);

describe("a quoted word", () => {
  it.prop("is read by a shell as it was", [Word], ([word]) => {
    assert.deepStrictEqual(shellWords(shellQuote(word)), [word]);
  });

  it.each([
    "helm",
    "--ha=false",
    "/usr/local/bin/helm",
    "tars-system",
    "admin@cluster-1",
    "arn:aws:eks:eu-west-1:1:cluster/x",
    "10m",
    "gcr.io/acme/tars:1.2.0",
    "a%20b",
    "x~1",
  ])("%s needs no quotes", (word) => {
    assert.strictEqual(shellQuote(word), word);
  });

  it.each([
    ["", "''"],
    ["my file.json", "'my file.json'"],
    ["it's", "'it'\\''s'"],
    ["$HOME", "'$HOME'"],
    ["a\nb", "'a\nb'"],
    ["~/identity.json", "'~/identity.json'"],
  ])("%j becomes %s", (word, quoted) => {
    assert.strictEqual(shellQuote(word), quoted);
  });
});

describe("a command", () => {
  it.prop(
    "can be pasted, whatever its words, context and kubeconfig are",
    [Schema.Array(Word), Word, Word, Word],
    ([words, context, kubeconfig, tool]) => {
      const env = { ...PLAIN_OPERATOR, context, kubeconfig, helm: tool, kubectl: tool };
      assert.deepStrictEqual(shellWords(helmCommand(env, ...words)), [
        tool,
        ...words,
        "--kube-context",
        context,
        "--kubeconfig",
        kubeconfig,
      ]);
      assert.deepStrictEqual(shellWords(kubectlCommand(env, ...words)), [
        tool,
        ...words,
        "--context",
        context,
        "--kubeconfig",
        kubeconfig,
      ]);
    },
  );

  it("of helm and kubectl names nothing that this run did not use", () => {
    assert.strictEqual(
      helmCommand(PLAIN_OPERATOR, "history", "tars", "-n", "tars-system"),
      "helm history tars -n tars-system",
    );
    assert.strictEqual(kubectlCommand(PLAIN_OPERATOR, "get", "pods"), "kubectl get pods");
  });

  it("of helm and kubectl names the context each in its own way", () => {
    const env = { ...PLAIN_OPERATOR, context: "prod", kubeconfig: "/etc/kube config" };
    assert.strictEqual(
      helmCommand(env, "rollback", "tars", "3"),
      "helm rollback tars 3 --kube-context prod --kubeconfig '/etc/kube config'",
    );
    assert.strictEqual(
      kubectlCommand(env, "get", "pods"),
      "kubectl get pods --context prod --kubeconfig '/etc/kube config'",
    );
  });

  it("has the full path of a tool that is not on the PATH", () => {
    const env = { ...PLAIN_OPERATOR, helm: "/home/me/.tare/tools/helm/v3.21.4/helm" };
    assert.strictEqual(helmCommand(env, "list"), "/home/me/.tare/tools/helm/v3.21.4/helm list");
  });
});

describe("a tare command", () => {
  const env: OperatorEnvironment = {
    ...PLAIN_OPERATOR,
    identityFile: "./my identity.json",
    clusterFlags: [{ name: "context", words: ["--context", "prod"] }],
    upgradeFlags: [
      { name: "timeout", words: ["--timeout", "20m"] },
      { name: "ha", words: ["--no-ha"] },
      { name: "release-name", words: ["--release-name=edge"] },
    ],
  };

  it("is the documented one when no flag was given", () => {
    assert.strictEqual(tareCommand(PLAIN_OPERATOR, "upgrade"), "tare upgrade identity.json");
    assert.strictEqual(
      tareCommand(PLAIN_OPERATOR, "install", { before: ["--ha"] }),
      "tare install --ha identity.json",
    );
    assert.strictEqual(
      tareCommand(PLAIN_OPERATOR, "upgrade", { after: ["--allow-downtime"] }),
      "tare upgrade identity.json --allow-downtime",
    );
  });

  it("to upgrade again repeats every flag of this run", () => {
    assert.strictEqual(
      tareCommand(env, "upgrade"),
      "tare upgrade './my identity.json' --timeout 20m --no-ha --release-name=edge --context prod",
    );
  });

  it("to install is about the same release on the same cluster, and has no flag of the upgrade", () => {
    assert.strictEqual(
      tareCommand(env, "install"),
      "tare install './my identity.json' --release-name=edge --context prod",
    );
  });

  it.each([
    [["--timeout", "30m"], "--timeout 30m --no-ha --release-name=edge --context prod"],
    [["--timeout=30m"], "--timeout=30m --no-ha --release-name=edge --context prod"],
    [["--ha=true"], "--ha=true --timeout 20m --release-name=edge --context prod"],
    [["--release-name", "x"], "--release-name x --timeout 20m --no-ha --context prod"],
    [["--context", "dev"], "--context dev --timeout 20m --no-ha --release-name=edge"],
  ])("%j takes the place of the flag that was given", (after, rest) => {
    assert.strictEqual(
      tareCommand(env, "upgrade", { after }),
      `tare upgrade './my identity.json' ${rest}`,
    );
  });

  it("a value that is called like a flag replaces none", () => {
    assert.strictEqual(
      tareCommand(env, "upgrade", { after: ["--system-namespace", "timeout"] }),
      "tare upgrade './my identity.json' --system-namespace timeout --timeout 20m --no-ha --release-name=edge --context prod",
    );
  });

  it.prop("can be pasted whatever the file is called", [Word], ([identityFile]) => {
    assert.deepStrictEqual(
      shellWords(tareCommand({ ...PLAIN_OPERATOR, identityFile }, "upgrade")),
      ["tare", "upgrade", identityFile],
    );
  });
});
