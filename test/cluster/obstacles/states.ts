/** States of the cluster and of Helm's records that stand in the way. */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl } from "../cluster.ts";
import { accountWith, allow, groupsOf } from "../e2e/account.ts";
import {
  decodeRecord,
  editRecord,
  encodeRecord,
  putRecord,
  readSecret,
  recordWords,
} from "../e2e/record.ts";
import { history, type Operator } from "../e2e/tare.ts";
import type { Unstructured } from "../unstructured.ts";
import type { Obstacle } from "./obstacle.ts";

const newest = async (who: Operator): Promise<number> => (await history(who)).at(-1)?.revision ?? 0;

const inTheWay = (
  name: string,
  release: (good: string) => string,
  labels?: Readonly<Record<string, string>>,
): Obstacle => ({
  kind: "damaged record",
  name,
  before: [10],
  names: /sh\.helm\.release\.v1\.tars\.v\d+/,
  holdsRollback: true,
  stopsHelm: true,
  put: async (who) => {
    const revision = await newest(who);
    const good = (await readSecret(who, revision)).data.release;
    await putRecord(who, revision + 1, release(good), labels);
    return async () => {
      await kubectl(who.cluster, ["delete", "--ignore-not-found", ...recordWords(revision + 1)]);
    };
  },
});

const records: ReadonlyArray<Obstacle> = [
  inTheWay("empty", () => ""),
  inTheWay("truncated", (good) => good.slice(0, 400)),
  inTheWay("neither gzip nor JSON", () => Buffer.from("bm8gcmVjb3Jk").toString("base64")),
  inTheWay("of another type", () => encodeRecord({ name: "tars", version: [] })),
  inTheWay("that of another revision", (good) => good),
  inTheWay("without labels", () => "", {}),
  {
    kind: "damaged record",
    name: "another label than its state",
    before: [10],
    names: /its label status says/,
    stopsHelm: true,
    put: async (who) => {
      const revision = await newest(who);
      const label = (status: string) =>
        kubectl(who.cluster, [
          "label",
          "--overwrite",
          ...recordWords(revision),
          `status=${status}`,
        ]);
      await label("superseded");
      return async () => {
        const { info } = decodeRecord(await readSecret(who, revision));
        await label(info.status);
      };
    },
  },
];

const stored = (name: string, manifest: string): Obstacle => ({
  kind: "missing API",
  name,
  before: [10],
  names: /no longer serves|no matches for kind/,
  stopsHelm: true,
  put: async (who) => {
    const revision = await newest(who);
    const good = decodeRecord(await readSecret(who, revision));
    await editRecord(who, revision, (record) => {
      record.manifest += manifest;
    });
    return () =>
      editRecord(who, revision, (record) => {
        record.manifest = good.manifest;
      });
  },
});

const BUDGET = `---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: stored-budget}
`;
const apis: ReadonlyArray<Obstacle> = [
  stored("with a successor", BUDGET),
  stored("without one", BUDGET.replace("PodDisruptionBudget", "PodSecurityPolicy")),
  stored("of a platform that has gone", BUDGET.replace("policy/v1beta1", "gone.example.com/v1")),
];

const stripped = (object: Unstructured): Unstructured => {
  const { uid, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, ...metadata } =
    object.metadata;
  return { ...object, metadata: { ...metadata, finalizers: undefined } };
};

/** Deleted, and held; as it was when it may go. */
const going = (
  kind: string,
  name: string,
  namespace: string | undefined,
  before: number,
): Obstacle => ({
  kind: "terminating",
  name: `${kind} ${name}`,
  before: [before],
  names: /is being deleted/,
  put: async ({ cluster }) => {
    const ref = [kind, name, ...(namespace === undefined ? [] : ["-n", namespace])];
    const was = JSON.parse(await kubectl(cluster, ["get", ...ref, "-o", "json"]));
    const hold = (finalizers: ReadonlyArray<string>) =>
      kubectl(cluster, [
        ...["patch", ...ref, "--type=merge", "-p"],
        JSON.stringify({ metadata: { finalizers } }),
      ]);
    await hold(["test/held"]);
    await kubectl(cluster, ["delete", ...ref, "--wait=false"]);
    return async () => {
      await hold([]);
      await kubectl(cluster, ["wait", "--for=delete", "--timeout=30s", ...ref]);
      await kubectl(cluster, ["create", "-f", "-"], { input: stripped(was) });
    };
  },
});

const terminating: ReadonlyArray<Obstacle> = [
  going("crd", "backendtlspolicies.gateway.networking.k8s.io", undefined, 14),
  going("serviceaccount", "envoy-gateway", "tars-system", 10),
];

/** Somebody made the object anew with another of the fields that cannot be changed. */
const remade = (
  name: string,
  ref: ReadonlyArray<string>,
  edit: (object: Unstructured) => void,
): Obstacle => ({
  kind: "immutable field",
  name,
  before: [23],
  names: /immutable|may not change|Forbidden|Invalid value/,
  holdsRollback: true,
  put: async ({ cluster }) => {
    const was = stripped(JSON.parse(await kubectl(cluster, ["get", ...ref, "-o", "json"])));
    const other = structuredClone(was);
    edit(other);
    const replace = (input: object) =>
      kubectl(cluster, ["replace", "--force", "--cascade=background", "-f", "-"], { input });
    await replace(other);
    return async () => void (await replace(was));
  },
});

const immutable: ReadonlyArray<Obstacle> = [
  remade(
    "a Deployment's selector",
    ["deployment", "ai-gateway-controller", "-n", "tars-system"],
    (object) => {
      object.spec.selector.matchLabels.extra = "yes";
      object.spec.template.metadata.labels.extra = "yes";
    },
  ),
  remade(
    "a StatefulSet's service",
    ["statefulset", "tars-redis", "-n", "tars-system"],
    (object) => {
      object.spec.serviceName = "another";
    },
  ),
];

const ALL = ["*"];
/** The server's authorizer hears of a changed role a moment later, in ms. */
const ALLOWED_OR_NOT = 1_500;
const READ = ["get", "list", "watch"];

/** Everything but writing one kind of the system's. */
const without = (
  name: string,
  group: string,
  resource: string,
  kinds: ReadonlyArray<string>,
): Obstacle => {
  const account = `without-${resource}`;
  return {
    kind: "missing permission",
    name,
    before: [10],
    names: new RegExp(`missing permission: .*${resource}|cannot \\w+ resource "${resource}"`),
    holdsRollback: true,
    stopsHelm: true,
    account: async (who) => {
      const everything = { apiGroups: ALL, resources: ALL, verbs: ALL };
      return {
        env: { KUBECONFIG: await accountWith(who, account, [everything]) },
        remove: async () => {
          await kubectl(who.cluster, ["delete", "serviceaccount", account, "-n", "default"]);
        },
      };
    },
    put: async (who) => {
      const groups = await groupsOf(who);
      await allow(who, account, [
        { apiGroups: groups.filter((one) => one !== group), resources: ALL, verbs: ALL },
        { apiGroups: [group], resources: kinds, verbs: ALL },
        { apiGroups: [group], resources: [resource], verbs: READ },
      ]);
      await sleep(ALLOWED_OR_NOT);
      return async () => {};
    },
  };
};

const permissions: ReadonlyArray<Obstacle> = [
  without("Deployments", "apps", "deployments", ["statefulsets", "replicasets", "daemonsets"]),
  without("Services", "", "services", [
    ...["secrets", "configmaps", "serviceaccounts", "namespaces", "pods", "pods/log", "pods/proxy"],
    ...["pods/portforward", "events", "nodes", "endpoints", "resourcequotas", "limitranges"],
  ]),
];

const beside = (kind: string, name: string, manifest: object): Obstacle => ({
  kind,
  name,
  before: [0],
  names: /never/,
  put: async ({ cluster }) => {
    await kubectl(cluster, ["apply", "-f", "-"], { input: manifest });
    return async () => {
      await kubectl(cluster, ["delete", "-f", "-"], { input: manifest });
    };
  },
});

const harmless: ReadonlyArray<Obstacle> = [
  beside("EnvoyProxy of nobody", "three replicas without HA", {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyProxy",
    metadata: { name: "left-over", namespace: "tars-system" },
    spec: {
      provider: { type: "Kubernetes", kubernetes: { envoyDeployment: { replicas: 3 } } },
    },
  }),
  beside("disruption budget", "no disruption at all", {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "none", namespace: "tars-dataplane" },
    spec: { minAvailable: "100%", selector: {} },
  }),
];

export const STATES: ReadonlyArray<Obstacle> = [
  ...records,
  ...apis,
  ...terminating,
  ...immutable,
  ...permissions,
  ...harmless,
];
