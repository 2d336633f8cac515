import { assert, describe, it } from "@effect/vitest";
import {
  EnvoyProxy,
  Gateway,
  GatewayClass,
  type KubeObject,
  type ResourceType,
} from "../../../src/domain/kube/objects.ts";
import { crdVerdict } from "../../../src/domain/uninstall/crds.ts";
import type { Found } from "../../../src/domain/uninstall/found.ts";
import { namespaceVerdict } from "../../../src/domain/uninstall/namespaces.ts";
import type { UninstallPlan } from "../../../src/domain/uninstall/plan.ts";
import { uninstallDecision } from "../../../src/domain/uninstall/state.ts";
import { usersOf } from "../../../src/domain/uninstall/users.ts";
import { deletionWaves } from "../../../src/domain/uninstall/waves.ts";

const RELEASE = { name: "tars", namespace: "sys" };
const PLACE = { release: RELEASE, dataplaneNamespace: "dp" };
const HELMS = { "meta.helm.sh/release-name": "tars", "meta.helm.sh/release-namespace": "sys" };
const THEIRS = { type: Gateway, name: "theirs", namespace: "dp" };

const HttpRoute: ResourceType = { ...Gateway, plural: "httproutes", kind: "HTTPRoute" };

const found = (
  type: ResourceType,
  name: string,
  {
    namespace,
    ours = false,
    ...rest
  }: Record<string, unknown> & { ours?: boolean; namespace?: string } = {},
): Found => ({
  ref: { type, name, ...(namespace === undefined ? {} : { namespace }) },
  object: {
    apiVersion: `${type.group}/${type.version}`,
    kind: type.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: `${type.plural}-${name}`,
      ...(ours ? { annotations: HELMS } : {}),
    },
    ...rest,
  } as KubeObject,
});

describe("a namespace", () => {
  const ns = (metadata: Partial<KubeObject["metadata"]> = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "sys", annotations: { "tars.io/made-for": "sys/tars" }, ...metadata },
  });
  const verdict = (more: Partial<Parameters<typeof namespaceVerdict>[0]> = {}) =>
    namespaceVerdict({
      live: ns(),
      release: RELEASE,
      foreign: [],
      waiting: 0,
      keep: false,
      ...more,
    });

  it("of ours goes, whether tare or the chart made it", () => {
    assert.deepStrictEqual(verdict(), { _tag: "Delete" });
    assert.deepStrictEqual(verdict({ live: ns({ annotations: HELMS }) }), { _tag: "Delete" });
  });

  it.each([
    ["--keep-namespaces", { keep: true }, "Asked"],
    ["no mark", { live: ns({ annotations: {} }) }, "NotOurs"],
    [
      "that of another release",
      { live: ns({ annotations: { "tars.io/made-for": "sys/x" } }) },
      "NotOurs",
    ],
    ["something of others in it", { foreign: [THEIRS] }, "Foreign"],
    ["an event that waits", { waiting: 1 }, "EventsWait"],
  ] as const)("stays: %s", (_, more, why) => {
    const { _tag, ...rest } = verdict(more);
    assert.strictEqual(_tag, "Stays");
    assert.deepNestedInclude(rest, { "why._tag": why });
  });

  it("that is not there, or going, is said to be so", () => {
    assert.deepStrictEqual(verdict({ live: undefined }), { _tag: "Absent" });
    const going = ns({ deletionTimestamp: "2026-01-01T00:00:00Z" });
    assert.deepStrictEqual(verdict({ live: going }), { _tag: "Going" });
  });
});

describe("a CRD", () => {
  const ours = { name: "x.gateway.envoyproxy.io", annotations: { "tars.io/crd-sha256": "1" } };
  const verdict = (more: Partial<Parameters<typeof crdVerdict>[0]> = {}) =>
    crdVerdict({
      group: "gateway.envoyproxy.io",
      crd: { metadata: ours },
      objects: [],
      classes: [],
      releases: [],
      keep: false,
      deleteShared: false,
      ...more,
    });
  const writtenBy = (manager: string, fieldsV1: object, subresource = "") => ({
    metadata: { ...ours, managedFields: [{ manager, fieldsV1, subresource }] },
  });
  const SPEC = { "f:spec": { "f:group": {} } };

  it("that tare wrote and nobody uses goes", () => {
    assert.deepStrictEqual(verdict(), { _tag: "Delete" });
    const status = writtenBy("kube-apiserver", { "f:status": {} }, "status");
    assert.deepStrictEqual(verdict({ crd: status }), { _tag: "Delete" });
    const labelled = writtenBy("kubectl-label", { "f:metadata": {} });
    assert.deepStrictEqual(verdict({ crd: labelled }), { _tag: "Delete" });
    assert.deepStrictEqual(verdict({ crd: writtenBy("tare", SPEC) }), { _tag: "Delete" });
  });

  it.each([
    ["--keep-crds", { keep: true }, "Asked"],
    ["of the Gateway API", { group: "gateway.networking.k8s.io" }, "Shared"],
    ["not written by tare", { crd: { metadata: { name: ours.name } } }, "NotOurs"],
    ["written by Helm as well", { crd: writtenBy("helm", SPEC) }, "NotOurs"],
    [
      "written by kubectl as well",
      { crd: writtenBy("kubectl-client-side-apply", SPEC) },
      "NotOurs",
    ],
    ["with objects of others", { objects: [THEIRS] }, "Objects"],
    ["another release", { releases: [{ name: "b", namespace: "b" }] }, "Releases"],
    [
      "a class of another Envoy Gateway",
      { classes: [{ name: "eg", controller: "gateway.envoyproxy.io/gatewayclass-controller" }] },
      "Classes",
    ],
  ] as const)("stays: %s", (_, more, why) => {
    const { _tag, ...rest } = verdict(more);
    assert.strictEqual(_tag, "Stays");
    assert.deepNestedInclude(rest, { "why._tag": why });
  });

  it("of the Gateway API goes when it is asked for, and no class is left", () => {
    const shared = { group: "gateway.networking.k8s.io", deleteShared: true };
    assert.deepStrictEqual(verdict(shared), { _tag: "Delete" });
    const classes = [{ name: "nginx", controller: "gateway.nginx.org/nginx" }];
    assert.strictEqual(verdict({ ...shared, classes })._tag, "Stays");
    // Kinds of Envoy Gateway are of no use to another controller.
    assert.deepStrictEqual(verdict({ classes }), { _tag: "Delete" });
  });
});

describe("what an uninstallation is decided by", () => {
  const plan: UninstallPlan = {
    ...PLACE,
    revision: undefined,
    customResources: [],
    objects: [],
    namespaces: [],
    crds: [],
    users: [],
  };
  const used = [{ object: THEIRS, why: { _tag: "InNamespace", namespace: "dp" } }] as const;
  const last = (chart: string) =>
    [
      { revision: 1, updated: "", status: "deployed", chart, app_version: "", description: "" },
    ] as const;
  const decision = (more: Partial<Parameters<typeof uninstallDecision>[0]> = {}) =>
    uninstallDecision({
      ...{ history: [], keeper: undefined, unrecorded: undefined, plan, force: false, ...more },
    })._tag;

  it.each([
    ["nothing", {}, "Nothing"],
    ["a release", { plan: { ...plan, revision: { revision: 1, version: "1" } } }, "Uninstall"],
    [
      "a namespace of it",
      { plan: { ...plan, namespaces: [{ name: "sys", verdict: { _tag: "Delete" } }] } },
      "Uninstall",
    ],
    [
      "a namespace that stays",
      {
        plan: {
          ...plan,
          namespaces: [{ name: "sys", verdict: { _tag: "Stays", why: { _tag: "NotOurs" } } }],
        },
      },
      "Nothing",
    ],
    [
      "a CRD of it",
      { plan: { ...plan, crds: [{ name: "a.b", verdict: { _tag: "Delete" } }] } },
      "Uninstall",
    ],
    ["an object of it", { plan: { ...plan, objects: [THEIRS] } }, "Uninstall"],
    ["users", { plan: { ...plan, objects: [THEIRS], users: used } }, "Used"],
    [
      "users, with --force",
      { force: true, plan: { ...plan, objects: [THEIRS], users: used } },
      "Uninstall",
    ],
    ["another chart", { history: last("nginx-1.0.0") }, "OtherChart"],
    [
      "records elsewhere",
      { unrecorded: { _tag: "OtherStorage", driver: "secret" } },
      "OtherStorage",
    ],
    [
      "Argo CD, with --force too",
      { force: true, keeper: { keeper: { _tag: "ArgoCd", application: "a" }, deployments: [] } },
      "Kept",
    ],
  ] as const)("is %s", (_, facts, expected) => {
    assert.strictEqual(decision(facts), expected);
  });
});

describe("users of the release", () => {
  const controllerName = "gateway.envoyproxy.io/gatewayclass-controller";
  const OURS = [
    found(GatewayClass, "egress", { ours: true, spec: { controllerName } }),
    found(Gateway, "egress", { ours: true, namespace: "dp", spec: { gatewayClassName: "egress" } }),
  ];
  const why = (other: Found) => usersOf([...OURS, other], PLACE).map((user) => user.why._tag);

  it("are not its own objects", () => {
    assert.deepStrictEqual(usersOf(OURS, PLACE), []);
  });

  it.each([
    ["OfClass", found(Gateway, "a", { namespace: "x", spec: { gatewayClassName: "egress" } })],
    [
      "Through",
      found(HttpRoute, "a", {
        namespace: "x",
        spec: { parentRefs: [{ name: "egress", namespace: "dp" }] },
      }),
    ],
    ["InNamespace", found(HttpRoute, "a", { namespace: "sys", spec: {} })],
    ["OfController", found(GatewayClass, "a", { spec: { controllerName } })],
  ] as const)("are told by what they do: %s", (tag, other) => {
    assert.deepStrictEqual(why(other), [tag]);
  });

  it.each([
    [
      "a Gateway of another class",
      found(Gateway, "a", { namespace: "x", spec: { gatewayClassName: "b" } }),
    ],
    [
      "a route to a Gateway of the same name",
      found(HttpRoute, "a", { namespace: "x", spec: { parentRefs: [{ name: "egress" }] } }),
    ],
    [
      "a class of another controller",
      found(GatewayClass, "a", { spec: { controllerName: "x/y" } }),
    ],
  ])("are not: %s", (_, other) => {
    assert.deepStrictEqual(why(other), []);
  });
});

it("custom resources go before what they refer to", () => {
  const all = [
    found(EnvoyProxy, "proxy"),
    found(GatewayClass, "class"),
    found(HttpRoute, "route"),
    found(Gateway, "gateway"),
  ];
  assert.deepStrictEqual(
    deletionWaves(all).map((wave) => wave.map(({ ref }) => ref.name)),
    [["route"], ["gateway"], ["class"], ["proxy"]],
  );
});
