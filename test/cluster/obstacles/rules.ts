/** Rules of the cluster that refuse what is written to it: policies, webhooks, quotas, limits. */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, run } from "../cluster.ts";
import { until } from "../e2e/running-tare.ts";
import type { Operator } from "../e2e/tare.ts";
import type { Obstacle, Remove } from "./obstacle.ts";

interface Target {
  readonly what: string;
  readonly group: string;
  readonly resource: string;
  readonly operations: ReadonlyArray<"CREATE" | "UPDATE">;
  readonly namespace?: "tars-system" | "tars-dataplane";
  /** CEL: which of them. */
  readonly which?: string;
  readonly before?: ReadonlyArray<number>;
  readonly holdsRollback?: boolean;
  readonly stopsHelm?: boolean;
}

const SYSTEM = "tars-system";
const PROXIES = "tars-dataplane";

const TARGETS: ReadonlyArray<Target> = [
  {
    what: "Deployments",
    group: "apps",
    resource: "deployments",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "StatefulSets",
    group: "apps",
    resource: "statefulsets",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "Services",
    group: "",
    resource: "services",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "EnvoyProxies",
    group: "gateway.envoyproxy.io",
    resource: "envoyproxies",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "Gateways",
    group: "gateway.networking.k8s.io",
    resource: "gateways",
    operations: ["CREATE", "UPDATE"],
    holdsRollback: true,
  },
  {
    what: "GatewayClasses",
    group: "gateway.networking.k8s.io",
    resource: "gatewayclasses",
    operations: ["CREATE", "UPDATE"],
    holdsRollback: true,
  },
  {
    what: "ConfigMaps of the chart",
    group: "",
    resource: "configmaps",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    which: "!request.name.startsWith('tare-')",
    holdsRollback: true,
  },
  {
    what: "ConfigMaps of tare",
    group: "",
    resource: "configmaps",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    which: "request.name.startsWith('tare-')",
    before: [0],
  },
  {
    what: "Helm's records",
    group: "",
    resource: "secrets",
    operations: ["CREATE"],
    namespace: SYSTEM,
    which: "request.name.startsWith('sh.helm.')",
    stopsHelm: true,
  },
  {
    what: "the identity",
    group: "",
    resource: "secrets",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    which: "request.name == 'tars-identity'",
  },
  {
    what: "locks",
    group: "coordination.k8s.io",
    resource: "leases",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    which: "request.name.startsWith('tare-')",
  },
  {
    what: "pods of the system",
    group: "",
    resource: "pods",
    operations: ["CREATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "proxies",
    group: "",
    resource: "pods",
    operations: ["CREATE"],
    namespace: PROXIES,
    holdsRollback: true,
  },
  {
    what: "hook Jobs",
    group: "batch",
    resource: "jobs",
    operations: ["CREATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "service accounts",
    group: "",
    resource: "serviceaccounts",
    operations: ["CREATE", "UPDATE"],
    namespace: SYSTEM,
    holdsRollback: true,
  },
  {
    what: "cluster roles",
    group: "rbac.authorization.k8s.io",
    resource: "clusterroles",
    operations: ["CREATE", "UPDATE"],
    which: "request.name.startsWith('tars')",
    holdsRollback: true,
  },
  {
    what: "CRDs",
    group: "apiextensions.k8s.io",
    resource: "customresourcedefinitions",
    operations: ["CREATE", "UPDATE"],
    before: [14],
  },
];

const ADMISSION = "admissionregistration.k8s.io/v1";

const rulesOf = ({ group, resource, operations }: Target) => [
  { apiGroups: [group], apiVersions: ["*"], operations, resources: [resource] },
];

const selectorOf = ({ namespace }: Target) =>
  namespace === undefined
    ? {}
    : {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      };

/** Right away for what was there before; what watches for it takes a moment. */
const NOTICED = 1_500;

const applied = async (
  { cluster }: Operator,
  ...objects: ReadonlyArray<object>
): Promise<Remove> => {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await kubectl(cluster, ["apply", "-f", "-"], { input: list });
  await sleep(NOTICED);
  return async () => {
    await kubectl(cluster, ["delete", "--ignore-not-found", "-f", "-"], { input: list });
    await sleep(NOTICED);
  };
};

const policy = (name: string, target: Target, expression: string): ReadonlyArray<object> => [
  {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: rulesOf(target), ...selectorOf(target) },
      ...(target.which === undefined
        ? {}
        : { matchConditions: [{ name: "which", expression: target.which }] }),
      validations: [{ expression, message: `${name} says no` }],
    },
  },
  {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  },
];

const putAll =
  (...objects: ReadonlyArray<object>) =>
  (who: Operator): Promise<Remove> =>
    applied(who, ...objects);

const refusing = TARGETS.map((target): Obstacle => {
  const name = `no-${target.what.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`;
  return {
    kind: "policy that refuses",
    name: target.what,
    before: target.before ?? [10],
    names: new RegExp(name),
    holdsRollback: target.holdsRollback ?? false,
    stopsHelm: target.stopsHelm ?? false,
    put: putAll(...policy(name, target, "false")),
  };
});

/** It lets in what was there before, so that a rollback is no trouble. */
const choosy: ReadonlyArray<Obstacle> = [
  {
    kind: "policy that refuses",
    name: "new images",
    before: [10],
    names: /no-new-images/,
    put: async (who) => {
      const path = "jsonpath={.spec.template.spec.containers[0].image}";
      const where = ["deployment", "envoy-gateway", "-n", SYSTEM];
      const tag = (await kubectl(who.cluster, ["get", ...where, "-o", path])).split(":").at(-1);
      const isOther = `c.image.contains(':run-') && !c.image.endsWith(':${tag}')`;
      const target: Target = {
        what: "new images",
        group: "apps",
        resource: "deployments",
        operations: ["UPDATE"],
        namespace: SYSTEM,
      };
      const expression = `!object.spec.template.spec.containers.exists(c, ${isOther})`;
      return applied(who, ...policy("no-new-images", target, expression));
    },
  },
  {
    kind: "policy that refuses",
    name: "pods that people make",
    before: [0],
    names: /no-people/,
    put: putAll(
      ...policy(
        "no-people",
        { what: "", group: "", resource: "pods", operations: ["CREATE"] },
        "request.userInfo.username.startsWith('system:')",
      ),
    ),
  },
  {
    kind: "policy that refuses",
    name: "pods without a controller",
    before: [0],
    names: /no-bare-pods/,
    put: putAll(
      ...policy(
        "no-bare-pods",
        { what: "", group: "", resource: "pods", operations: ["CREATE"] },
        "has(object.metadata.ownerReferences)",
      ),
    ),
  },
];

const webhook = (
  name: string,
  target: Target,
  url: string,
  failurePolicy: "Fail" | "Ignore" = "Fail",
) => ({
  apiVersion: ADMISSION,
  kind: "ValidatingWebhookConfiguration",
  metadata: { name },
  webhooks: [
    {
      name: `${name}.example.com`,
      rules: rulesOf(target),
      clientConfig: { url },
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      failurePolicy,
      timeoutSeconds: 2,
      ...selectorOf(target),
      ...(target.which === undefined
        ? {}
        : { matchConditions: [{ name: "which", expression: target.which }] }),
    },
  ],
});

const NOBODY = "https://127.0.0.1:1/";
const isOf =
  (...words: ReadonlyArray<string>) =>
  ({ what }: Target) =>
    words.includes(what);

const down = TARGETS.filter(
  isOf(
    "Deployments",
    "Services",
    "EnvoyProxies",
    "GatewayClasses",
    "ConfigMaps of the chart",
    "Helm's records",
    "locks",
    "pods of the system",
    "proxies",
    "hook Jobs",
  ),
).map((target): Obstacle => {
  const name = `down-${target.what.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`;
  return {
    kind: "webhook that is down",
    name: target.what,
    before: [10],
    names: new RegExp(name),
    holdsRollback: target.holdsRollback ?? false,
    stopsHelm: target.stopsHelm ?? false,
    put: putAll(webhook(name, target, NOBODY)),
  };
});

const ignoring = TARGETS.filter(isOf("Deployments", "proxies")).map(
  (target): Obstacle => ({
    kind: "webhook that is down",
    name: `${target.what}, and may be`,
    before: [0],
    names: /ignored/,
    put: putAll(webhook(`ignored-${target.resource}`, target, NOBODY, "Ignore")),
  }),
);

const slow = TARGETS.filter(isOf("Deployments", "proxies", "Helm's records")).map(
  (target): Obstacle => {
    const name = `slow-${target.resource}`;
    return {
      kind: "webhook that is slow",
      name: target.what,
      before: [10],
      names: new RegExp(name),
      holdsRollback: true,
      stopsHelm: target.stopsHelm ?? false,
      put: async (who) => {
        // It takes the connection, and says nothing.
        const server = createServer(() => {});
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        const remove = await applied(who, webhook(name, target, `https://127.0.0.1:${port}/`));
        return async () => {
          await remove();
          server.close();
        };
      },
    };
  },
);

const quotaOf = (name: string, namespace: string, hard: object) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name, namespace },
  spec: { hard },
});

const counting = async (who: Operator, namespace: string, name: string, hard: object) => {
  const remove = await applied(who, quotaOf(name, namespace, hard));
  await kubectl(who.cluster, [
    ...["wait", "--for=jsonpath={.status.used}", `resourcequota/${name}`],
    ...["-n", namespace, "--timeout=30s"],
  ]);
  return remove;
};

/** Those that leave are counted by a quota until they have left. */
const podsOf = async (who: Operator, namespace: string): Promise<number> => {
  const path = "jsonpath={.items[*].metadata.deletionTimestamp}";
  await until("the pods that leave to have left", async () => {
    const leaving = await kubectl(who.cluster, ["get", "pods", "-n", namespace, "-o", path]);
    return leaving.trim() === "";
  });
  return countOf(who, "pods", namespace);
};

const countOf = async ({ cluster }: Operator, resource: string, namespace: string) =>
  (await kubectl(cluster, ["get", resource, "-n", namespace, "-o", "name"]))
    .split("\n")
    .filter((line) => line !== "").length;

/** @param room how many more there may be */
const full = (
  resource: string,
  key: string,
  room: number,
  before: ReadonlyArray<number>,
): Obstacle => ({
  kind: "quota of objects",
  name: `${key}, room for ${room}`,
  before,
  names: /quota:? few/,
  stopsHelm: true,
  put: async (who) => {
    const used = await countOf(who, resource, SYSTEM);
    return counting(who, SYSTEM, "few", { [key]: String(used + room) });
  },
});

const quotas: ReadonlyArray<Obstacle> = [
  full("secrets", "count/secrets", 0, [10]),
  full("secrets", "count/secrets", 1, [10]),
  full("secrets", "secrets", 1, [10]),
  full("secrets", "secrets", 9, [0]),
  full("configmaps", "count/configmaps", 0, [0]),
  full("serviceaccounts", "count/serviceaccounts", 9, [0]),
  {
    kind: "quota of resources",
    name: "no limit for what pods must name",
    before: [0, 10],
    names: /failed quota: named/,
    holdsRollback: true,
    put: (who) => counting(who, SYSTEM, "named", { "limits.cpu": "1000" }),
  },
  {
    kind: "quota of resources",
    name: "room for everything",
    before: [0],
    names: /roomy/,
    put: (who) => counting(who, PROXIES, "roomy", { pods: "50" }),
  },
  {
    // The Job of a hook tells of it in events alone.
    kind: "quota of resources",
    name: "no pod more in the system",
    before: [10],
    names: /exceeded quota: crowded/,
    holdsRollback: true,
    put: async (who) => {
      const used = await podsOf(who, SYSTEM);
      return counting(who, SYSTEM, "crowded", { pods: String(used) });
    },
  },
  {
    // The arithmetic of a surge is the Deployment's own: a warning, and at worst a rollback.
    kind: "quota of resources",
    name: "no room for one pod more",
    before: [0, 20],
    names: /quota: tight|exceeded quota/,
    holdsRollback: true,
    put: async (who) => {
      const used = await podsOf(who, PROXIES);
      return counting(who, PROXIES, "tight", { pods: String(used) });
    },
  },
];

const limits = (
  namespace: string,
  name: string,
  limit: object,
  before: ReadonlyArray<number>,
): Obstacle => ({
  kind: "LimitRange",
  name: `${name} in ${namespace}`,
  before,
  names: /usage per|limit to request ratio|must be less than or equal to/,
  holdsRollback: true,
  put: putAll({
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "tenant", namespace },
    spec: { limits: [limit] },
  }),
});

const limitRanges: ReadonlyArray<Obstacle> = [
  limits(PROXIES, "most memory", { type: "Container", max: { memory: "1Mi" } }, [10]),
  limits(SYSTEM, "most memory", { type: "Container", max: { memory: "1Mi" } }, [10]),
  limits(PROXIES, "least CPU", { type: "Container", min: { cpu: "8" } }, [10]),
  limits(SYSTEM, "most CPU of a pod", { type: "Pod", max: { cpu: "1m" } }, [10]),
  limits(PROXIES, "much memory", { type: "Container", max: { memory: "64Gi" } }, [0]),
];

const podSecurity = (namespace: string, level: string): Obstacle => ({
  kind: "Pod Security",
  name: `${level} in ${namespace}`,
  before: [0, 10],
  names: /violates PodSecurity/,
  holdsRollback: true,
  put: async ({ cluster }) => {
    const label = "pod-security.kubernetes.io/enforce";
    await kubectl(cluster, ["label", "--overwrite", "namespace", namespace, `${label}=${level}`]);
    await sleep(NOTICED);
    return async () => {
      await kubectl(cluster, ["label", "namespace", namespace, `${label}-`]);
      await sleep(NOTICED);
    };
  },
});

const security: ReadonlyArray<Obstacle> = [
  podSecurity(SYSTEM, "restricted"),
  podSecurity(SYSTEM, "baseline"),
  podSecurity(PROXIES, "restricted"),
];

export const RULES: ReadonlyArray<Obstacle> = [
  ...refusing,
  ...choosy,
  ...down,
  ...ignoring,
  ...slow,
  ...quotas,
  ...limitRanges,
  ...security,
];

/** Policies take a moment to be enforced: nothing is asked of the cluster before the first is. */
export const enforced = async (who: Operator): Promise<void> => {
  const [one, binding] = policy(
    "warm-up",
    {
      what: "",
      group: "",
      resource: "configmaps",
      operations: ["CREATE"],
      which: "request.name == 'warm-up'",
    },
    "false",
  );
  const remove = await applied(who, one ?? {}, binding ?? {});
  await until("policies to be enforced", async () => {
    const trial = ["create", "configmap", "warm-up", "--dry-run=server"];
    return (await run(who.cluster, who.cluster.kubectl, trial)).code !== 0;
  });
  await remove();
};
