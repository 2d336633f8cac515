import { assert, describe, it } from "@effect/vitest";
import type { PreflightProblem } from "../../../src/domain/checks/problem.ts";
import { Secret } from "../../../src/domain/kube/objects.ts";
import { HOME_CHECK, PREFLIGHT_CHECKS } from "../../../src/phases/checks/preflight.ts";
import { RELEASE_CHECKS } from "../../../src/phases/checks/release-checks.ts";
import { showHints } from "../../../src/render/hints/hints.ts";
import { problemLines, problemRemedies } from "../../../src/words/checks/problems.ts";
import { CHECK_TITLES } from "../../../src/words/checks/titles.ts";
import { PLAIN_OPERATOR } from "../../fakes/index.ts";

const ref = { type: Secret, name: "s", namespace: "n" };
const deletion = { since: "2026-01-01T00:00:00Z", finalizers: ["a/b"], waitsFor: [] };
const right = {
  namespace: undefined,
  group: "apps",
  resource: "deployments",
  verbs: ["patch"],
  names: [],
};
const shortfall = {
  quota: "few",
  namespace: "n",
  resource: "count/secrets",
  hard: 5,
  used: 4,
  needed: 2,
};

describe("a problem", () => {
  it.each<[PreflightProblem, ReadonlyArray<string>, ReadonlyArray<string>]>([
    [{ _tag: "HelmUnusable", text: "not found" }, ["Helm: not found"], []],
    [
      { _tag: "HelmUnsupported", version: "v2.17.0" },
      ["Helm: v2.17.0 is not supported; Helm 3 or 4 is needed"],
      [],
    ],
    [{ _tag: "ClusterUnreachable", detail: "no route" }, ["cluster: no route"], []],
    [{ _tag: "HomeUnusable", detail: "no space" }, ["no space"], []],
    [
      { _tag: "NamespaceGoing", namespace: "n", deletion },
      ["namespace n is being deleted since 2026-01-01T00:00:00Z, held by finalizers a/b"],
      ["kubectl get namespace n -o yaml"],
    ],
    [
      { _tag: "ObjectGoing", ref, deletion },
      ["Secret n/s: is being deleted since 2026-01-01T00:00:00Z, held by finalizers a/b"],
      ["kubectl get secrets s -n n -o yaml"],
    ],
    [
      { _tag: "QuotaTooSmall", shortfall },
      [
        "quota few of namespace n has 4 of 5 count/secrets in use: the upgrade and its rollback need room for 2 more",
      ],
      [
        `kubectl patch resourcequota few -n n --type=merge -p '{"spec":{"hard":{"count/secrets":"6"}}}'`,
      ],
    ],
    [
      { _tag: "ObjectRefused", ref, detail: "denied" },
      ["refused by the cluster: Secret n/s: denied"],
      [],
    ],
    [
      {
        _tag: "PodsRefused",
        pods: { kind: "Deployment", name: "d", namespace: "n" },
        detail: "denied",
      },
      ["refused by the cluster: pods of Deployment d in namespace n: denied"],
      [],
    ],
    [
      { _tag: "PermissionsMissing", rights: [right, { ...right, namespace: "n" }] },
      [
        "missing permission: patch deployments.apps in the whole cluster",
        "missing permission: patch deployments.apps in namespace n",
      ],
      [
        "- {apiGroups: [apps], resources: [deployments], verbs: [patch]}",
        "- {apiGroups: [apps], resources: [deployments], verbs: [patch]}",
      ],
    ],
    [
      {
        _tag: "EnvoyGatewayToSkip",
        version: { version: "1.9.0", fixedIn: "1.9.1", reference: "envoyproxy/gateway#9918" },
      },
      [
        "versions: this chart brings Envoy Gateway 1.9.0, which must be skipped: its successor can leave running proxies without their TLS secrets, though they stay ready (envoyproxy/gateway#9918); 1.9.1 can be upgraded to",
      ],
      [],
    ],
    [
      { _tag: "RecordTooLarge", bytes: 2_097_152 },
      [
        "size: Helm's record of the release would take 2048 KiB of the 1024 KiB that a Secret can hold",
      ],
      [],
    ],
  ])("%j", (problem, lines, commands) => {
    assert.deepStrictEqual(problemLines(problem), lines);
    const hints = showHints(PLAIN_OPERATOR, problemRemedies(problem));
    assert.deepStrictEqual(
      hints.flatMap((one) => one.commands),
      commands,
    );
  });
});

it("each check has a title, and each title a check", () => {
  const checks = [...PREFLIGHT_CHECKS, HOME_CHECK, ...RELEASE_CHECKS].map(({ id }) => id);
  assert.sameMembers(checks, Object.keys(CHECK_TITLES));
});
