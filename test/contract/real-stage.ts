/** The stage of a real control plane: a namespace of its own for each case, and a proxy that can break requests. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Context, Duration, Effect, Layer, Scope } from "effect";
import { parseHelmVersion } from "../../src/domain/helm/version.ts";
import { Deployment, type KubeObject, type ResourceType } from "../../src/domain/kube/objects.ts";
import { layerHelmBinary } from "../../src/services/helm/HelmBinary.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../src/services/kube/KubectlApi.ts";
import { ToolCache } from "../../src/services/tools/ToolCache.ts";
import { type Cluster, controlPlane, run } from "../cluster/cluster.ts";
import { type FaultProxy, type ProxyRule, startFaultProxy } from "../cluster/fault-proxy.ts";
import { MIRROR } from "../fakes/fixtures/others.ts";
import { hasDroppedObjectBug } from "../fakes/helm/personality.ts";
import { writeChart } from "./real-chart.ts";
import { eventually, type HelmFault, Stage, type Trouble } from "./stage.ts";

const cluster = (plural: string, apiVersion: string, kind: string): ResourceType => {
  const [group = "", version = ""] = apiVersion.includes("/")
    ? apiVersion.split("/")
    : ["", apiVersion];
  return { group, version, plural, kind, namespaced: false };
};
const Namespace = cluster("namespaces", "v1", "Namespace");
const ServiceAccount: ResourceType = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
const Policy = cluster(
  "validatingadmissionpolicies",
  "admissionregistration.k8s.io/v1",
  "ValidatingAdmissionPolicy",
);
const PolicyBinding = cluster(
  "validatingadmissionpolicybindings",
  "admissionregistration.k8s.io/v1",
  "ValidatingAdmissionPolicyBinding",
);

const MutatingPolicy = cluster(
  "mutatingadmissionpolicies",
  "admissionregistration.k8s.io/v1",
  "MutatingAdmissionPolicy",
);
const MutatingPolicyBinding = cluster(
  "mutatingadmissionpolicybindings",
  "admissionregistration.k8s.io/v1",
  "MutatingAdmissionPolicyBinding",
);

const METHODS = { create: "POST", update: "PUT", list: "GET", patch: "PATCH" } as const;

const PLURALS = {
  Secret: "secrets",
  Deployment: "deployments",
  ReplicaSet: "replicasets",
  ConfigMap: "configmaps",
} as const;

const ANSWERS = {
  forbidden: { _tag: "Answer", status: 403, message: "this is forbidden: by the test" },
  unavailable: {
    _tag: "Answer",
    status: 503,
    message: "the server is currently unable to handle the request",
  },
} as const;

const ruleFor = ({ on, kind, name, times, answer }: HelmFault): ProxyRule => {
  const effect = ANSWERS[answer];
  const limit = times === undefined ? {} : { times };
  if (on === "all") return { path: /./, effect, ...limit };
  const plural = kind === undefined ? "[^/]+" : PLURALS[kind];
  const ending =
    on === "create" || on === "list" ? "$" : `/[^/]*${(name?.source ?? "$").replace(/^\^/, "")}`;
  return { method: METHODS[on], path: new RegExp(`/${plural}${ending}`), effect, ...limit };
};

const TROUBLES: Readonly<Record<Trouble, ProxyRule["effect"]>> = {
  forbidden: ANSWERS.forbidden,
  unauthorized: { _tag: "Answer", status: 401, message: "Unauthorized" },
  unavailable: ANSWERS.unavailable,
  cut: { _tag: "Cut" },
  "answer lost": { _tag: "LoseAnswer" },
};

export interface RealSide {
  readonly cluster: Cluster;
  /** The binary. */
  readonly helm: string;
  /** As it prints it. */
  readonly version: string;
}

const proxyKubeconfig = (proxy: FaultProxy): object => ({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "tare-test",
  contexts: [{ name: "tare-test", context: { cluster: "tare-test", user: "nobody" } }],
  clusters: [
    { name: "tare-test", cluster: { server: proxy.url, "insecure-skip-tls-verify": true } },
  ],
  users: [{ name: "nobody", user: { token: "the proxy has its own" } }],
});

/** The binary under a name that leaves the process id of what writes behind. */
const wrapped = (folder: string, { helm, cluster: { env } }: RealSide) => {
  const path = join(folder, "helm");
  const pids = join(folder, "pids");
  const settings = ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"].map(
    (name) => `export ${name}='${env[name]}'`,
  );
  writeFileSync(
    path,
    `#!/bin/sh\n${settings.join("\n")}\ncase $1 in upgrade|rollback) echo $$ >> '${pids}';; esac\nexec '${helm}' "$@"\n`,
  );
  chmodSync(path, 0o755);
  return { path, pids };
};

const applyAs = (kubectl: Kubectl["Service"]) => (type: ResourceType, object: KubeObject) =>
  Effect.orDie(kubectl.apply(type, object, { fieldManager: "stage", force: true }));

const makeNamespace = Effect.fnUntraced(function* (kubectl: Kubectl["Service"], name: string) {
  yield* applyAs(kubectl)(Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const account = kubectl.get({ type: ServiceAccount, name: "default", namespace: name });
  // Without it no pod is admitted.
  yield* eventually(Effect.orDie(account), ({ _tag }) => _tag === "Some");
});

/** Refuses what the fake stage's admission refuses, and waits until it does. */
const admission = Effect.fnUntraced(function* (
  kubectl: Kubectl["Service"],
  namespace: string,
  message: string,
) {
  const metadata = { name: `refuse-${namespace}` };
  const apiVersion = "admissionregistration.k8s.io/v1";
  yield* applyAs(kubectl)(Policy, {
    apiVersion,
    kind: "ValidatingAdmissionPolicy",
    metadata,
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        resourceRules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["configmaps"],
          },
        ],
      },
      validations: [{ expression: "!has(object.data) || !('forbidden' in object.data)", message }],
    },
  });
  yield* applyAs(kubectl)(PolicyBinding, {
    apiVersion,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata,
    spec: { policyName: metadata.name, validationActions: ["Deny"] },
  });
  const probe: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "probe", namespace },
    data: { forbidden: "1" },
  };
  const ConfigMaps: ResourceType = {
    group: "",
    version: "v1",
    plural: "configmaps",
    kind: "ConfigMap",
    namespaced: true,
  };
  const attempt = kubectl.apply(ConfigMaps, probe, {
    fieldManager: "stage",
    force: true,
    dryRun: true,
  });
  yield* eventually(Effect.result(attempt), ({ _tag }) => _tag === "Failure");
});

/** As the fake stage's, and waits until it is at work. */
const mirroring = Effect.fnUntraced(function* (kubectl: Kubectl["Service"], namespace: string) {
  const metadata = { name: `mirror-${namespace}` };
  const apiVersion = "admissionregistration.k8s.io/v1";
  const image = `c.image.startsWith("${MIRROR}") ? c.image : "${MIRROR}" + c.image`;
  const containers = "Object.spec.template.spec.containers";
  const expression = `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
    containers: object.spec.template.spec.containers.map(c, ${containers}{name: c.name, image: ${image}})}}}}`;
  yield* applyAs(kubectl)(MutatingPolicy, {
    apiVersion,
    kind: MutatingPolicy.kind,
    metadata,
    spec: {
      failurePolicy: "Fail",
      reinvocationPolicy: "Never",
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        resourceRules: [
          {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["deployments"],
          },
        ],
      },
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
    },
  });
  yield* applyAs(kubectl)(MutatingPolicyBinding, {
    apiVersion,
    kind: MutatingPolicyBinding.kind,
    metadata,
    spec: { policyName: metadata.name },
  });
  const labels = { app: "probe" };
  const probe: KubeObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "probe", namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "probe", image: "probe" }] },
      },
    },
  };
  const asked = kubectl.apply(Deployment, probe, {
    fieldManager: "stage",
    force: true,
    dryRun: true,
  });
  yield* eventually(Effect.orDie(asked), (made) => JSON.stringify(made).includes(MIRROR));
});

let cases = 0;

const makeStage = Effect.fnUntraced(function* (
  side: RealSide,
  folder: string,
  proxy: FaultProxy,
  pids: string,
) {
  const kubectl = yield* Kubectl;
  const scope = yield* Effect.scope;
  const version = parseHelmVersion(side.version) ?? { major: 0, minor: 0, patch: 0, text: "" };
  const unique = `c${++cases}-${process.pid}`;
  const namespace = `contract-${unique}`;
  const release = { name: "app", namespace };
  yield* makeNamespace(kubectl, namespace);
  let charts = 0;
  return Stage.of({
    side: "real",
    helmMajor: version.major === 3 ? 3 : 4,
    hasDroppedObjectBug: hasDroppedObjectBug(version),
    namespace,
    unique,
    release,
    chart: (chart) =>
      Effect.sync(() => {
        const place = join(folder, `chart-${++charts}`, "app");
        writeChart(place, chart);
        return place;
      }),
    helmFault: (fault) =>
      Effect.sync(() => {
        const remove = proxy.add(ruleFor(fault));
        return Effect.sync(remove);
      }),
    troubled: (trouble) =>
      Effect.gen(function* () {
        const { url, add, close } = yield* Effect.promise(() =>
          startFaultProxy(controlPlane(side.cluster)),
        );
        add({ path: /./, effect: TROUBLES[trouble] });
        yield* Effect.addFinalizer(() => Effect.sync(close));
        const file = join(folder, `troubled-${trouble.replace(" ", "-")}.json`);
        writeFileSync(file, JSON.stringify(proxyKubeconfig({ url, add, close })));
        const layer = layerKubectlApi({ kubeconfig: file, context: undefined });
        return Context.get(yield* Layer.build(layer), Kubectl);
      }).pipe(Effect.provideService(Scope.Scope, scope)),
    killHelm: Effect.sync(() => {
      const pid = readFileSync(pids, "utf8").trim().split("\n").at(-1);
      process.kill(Number(pid), "SIGKILL");
    }),
    uninstall: (keepHistory) =>
      Effect.promise(async () => {
        const keep = keepHistory ? ["--keep-history"] : [];
        const args = ["uninstall", release.name, "--namespace", namespace, ...keep];
        const { code, stderr } = await run(side.cluster, side.helm, args);
        if (code !== 0) throw new Error(stderr);
      }),
    admission: (message) => admission(kubectl, namespace, message),
    mirroring: mirroring(kubectl, namespace),
    shortTimeout: Duration.seconds(6),
  });
});

/** Everything a case needs, on a real cluster that is already there. */
export const layerRealStage = (side: RealSide) => {
  const layers = Effect.gen(function* () {
    const parent = join(side.cluster.dir, "contract");
    if (!existsSync(parent)) mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, "case-"));
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => startFaultProxy(controlPlane(side.cluster))),
      ({ close }) => Effect.sync(close),
    );
    const broken = join(folder, "kubeconfig.json");
    writeFileSync(broken, JSON.stringify(proxyKubeconfig(proxy)));
    const { path, pids } = wrapped(folder, side);
    const tools = Layer.succeed(
      ToolCache,
      ToolCache.of({ locate: (name) => Effect.succeed({ name, path, origin: "PATH" }) }),
    );
    const kubectl = layerKubectlApi({ kubeconfig: side.cluster.kubeconfig, context: undefined });
    // What of Helm is read from the API server meets the same faults as the binary.
    const choice = { kubeconfig: broken, context: undefined };
    const helm = layerHelmBinary(choice).pipe(
      Layer.provide([tools, NodeServices.layer, layerKubectlApi(choice)]),
    );
    const stage = Layer.effect(Stage, makeStage(side, folder, proxy, pids));
    return Layer.mergeAll(helm, stage).pipe(Layer.provideMerge(kubectl));
  });
  return Layer.unwrap(layers);
};
