import { writeFileSync } from "node:fs";
import { Effect, Result } from "effect";
import { stringify } from "yaml";
import { ClusterUnavailable } from "../../../src/errors.ts";
import { accessOf } from "../../../src/services/kube/kubeconfig/access.ts";
import { encodeAccess } from "../../../src/services/kube/kubeconfig/encode.ts";
import { loadKubeconfig } from "../../../src/services/kube/kubeconfig/load.ts";
import { showServer } from "../../../src/services/kube/kubeconfig/server.ts";
import type { Dice } from "../../simulation/dice.ts";
import { refused, shown } from "../met.ts";
import { ownFile } from "../own-file.ts";
import { anything, deepJson, encoded, hostileText, mutated, tornText } from "../values.ts";
import type { Kind } from "./kind.ts";

const CERTIFICATE = Buffer.from(
  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
).toString("base64");

const LOGINS: ReadonlyArray<object> = [
  { token: "abc" },
  { tokenFile: "token" },
  { username: "u", password: "p" },
  { "client-certificate-data": CERTIFICATE, "client-key-data": CERTIFICATE },
  { as: "me", "as-groups": ["a"], "as-user-extra": { reason: ["b"] }, token: "x" },
  {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin",
      args: ["--a"],
      env: [{ name: "A", value: "b" }],
      installHint: "install it",
      interactiveMode: "Never",
      provideClusterInfo: true,
    },
  },
  {
    "auth-provider": {
      name: "oidc",
      config: { "client-id": "a", "id-token": "b.c.d", "idp-issuer-url": "https://i.example" },
    },
  },
];

const base = (dice: Dice) => ({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "prod",
  preferences: {},
  clusters: [
    {
      name: "c",
      cluster: {
        server: "https://127.0.0.1:6443",
        "certificate-authority-data": CERTIFICATE,
        "tls-server-name": "api",
        "proxy-url": "http://proxy:3128",
        "insecure-skip-tls-verify": false,
        extensions: [
          { name: "client.authentication.k8s.io/exec", extension: { audience: ["x", { y: 1 }] } },
        ],
      },
    },
  ],
  contexts: [{ name: "prod", context: { cluster: "c", user: "u", namespace: "n" } }],
  users: [{ name: "u", user: dice.pick(LOGINS) }],
});

/** What only YAML can say. */
const YAML: ReadonlyArray<string> = [
  "&a [*a]",
  "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\nclusters: [*f, *f, *f, *f]\n",
  "<<: *nobody\n",
  "? [a, b]\n: c\n",
  "clusters: !!binary AAAA\n",
  "users: !!python/object/apply:os.system [id]\n",
  "--- |\n a\n--- b\n...\n",
  "%YAML 9.9\n---\na: b\n",
  "\tclusters: x\n",
  "clusters:\n- &x\n  <<: [*x, *x]\n",
];

const text = (dice: Dice): string => {
  const config = mutated(base(dice), dice, anything(dice, [20, 60]));
  const written = (): string => (dice.chance(0.5) ? JSON.stringify(config) : stringify(config));
  return dice.mostly<() => string>(written, [
    () => tornText(stringify(base(dice)), dice),
    () => tornText(JSON.stringify(base(dice)), dice),
    () => `${stringify(base(dice))}${dice.pick(YAML)}`,
    () => dice.pick(YAML),
    () =>
      `clusters: ${deepJson(dice.pick([20, 20, 100, 100, 100, 100, 100, 100, 1_000, 20_000]), "[")}`,
    () => `${" ".repeat(dice.int(5))}${hostileText(dice)}: ${hostileText(dice)}`,
  ])();
};

export const kubeconfigs: Kind = {
  name: "kubeconfigs",
  meet: Effect.fnUntraced(function* (dice) {
    const file = ownFile("config");
    writeFileSync(file, encoded(text(dice), dice));
    const access = yield* loadKubeconfig({ kubeconfig: file, context: undefined }).pipe(
      Effect.flatMap((loaded) =>
        accessOf(loaded, dice.chance(0.2) ? hostileText(dice) : undefined),
      ),
      Effect.result,
    );
    if (Result.isFailure(access)) {
      const detail = access.failure.message;
      return refused(new ClusterUnavailable({ doing: "reach the cluster", detail }));
    }
    if (access.success === undefined) return { lines: [] };
    const { server, entries, context, execConfig } = access.success;
    // What is lent to Helm has to be readable again.
    if (entries !== undefined) JSON.parse(encodeAccess({ context, execConfig, entries }));
    return shown([showServer(server), context]);
  }),
};
