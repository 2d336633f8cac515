import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A program of the test cluster: a main package of a pinned Go module. */
export interface Tool {
  readonly name: ToolName;
  /** The folder under `go/` whose go.mod and go.sum pin the program and all it is made of. */
  readonly module: "current" | "older" | "sandbox";
  readonly package: string;
  /** Link-time variables that carry the version, which a build outside the project's own tree lacks. */
  readonly variables?: Readonly<Record<string, string>>;
}

export type ToolName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok"
  | "helm3"
  | "helm4"
  | "helm41"
  | "envoy-gateway"
  | "envoy-gateway-older"
  | "sandbox";

export const goFolder = join(import.meta.dirname, "go");

/** Both libraries carry a version: one answers for the program, the other signs its requests. */
export const kubernetesVersion = Object.fromEntries(
  ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((library) => [
    [`${library}.gitVersion`, "v1.36.3"],
    [`${library}.gitMajor`, "1"],
    [`${library}.gitMinor`, "36"],
    [`${library}.gitCommit`, ""],
    [`${library}.gitTreeState`, "clean"],
  ]),
);

const kubernetes = (name: ToolName): Tool => ({
  name,
  module: "current",
  package: `k8s.io/kubernetes/cmd/${name}`,
  variables: kubernetesVersion,
});

const helm4 = (name: ToolName, module: Tool["module"], version: string): Tool => ({
  name,
  module,
  package: "helm.sh/helm/v4/cmd/helm",
  variables: { "helm.sh/helm/v4/internal/version.version": version },
});

const envoyGateway = (name: ToolName, module: Tool["module"], version: string): Tool => ({
  name,
  module,
  package: "github.com/envoyproxy/gateway/cmd/envoy-gateway",
  variables: {
    "github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion": version,
  },
});

/** In build order: the larger programs first warm the cache for the others. */
export const tools: ReadonlyArray<Tool> = [
  { name: "sandbox", module: "sandbox", package: "." },
  { name: "etcd", module: "current", package: "go.etcd.io/etcd/server/v3" },
  kubernetes("kube-apiserver"),
  kubernetes("kube-controller-manager"),
  kubernetes("kube-scheduler"),
  kubernetes("kubectl"),
  { name: "kwok", module: "current", package: "sigs.k8s.io/kwok/cmd/kwok" },
  {
    name: "helm3",
    module: "current",
    package: "helm.sh/helm/v3/cmd/helm",
    variables: {
      "helm.sh/helm/v3/internal/version.version": "v3.21.4",
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "36",
    },
  },
  helm4("helm4", "current", "v4.2.4"),
  envoyGateway("envoy-gateway", "current", "v1.8.3"),
  helm4("helm41", "older", "v4.1.4"),
  envoyGateway("envoy-gateway-older", "older", "v1.7.0"),
];

/** The folder of all versions; `TARE_TEST_CACHE` moves it. */
export function cacheRoot(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return process.env.TARE_TEST_CACHE || join(base, "tare-test-cluster");
}

/** Changes when any pinned version, build setting or the Go compiler changes. */
export function toolsHash(): string {
  const hash = createHash("sha256").update(JSON.stringify(tools)).update(goVersion());
  for (const module of ["current", "older", "sandbox"]) {
    for (const file of ["go.mod", "go.sum", "main.go"]) {
      const path = join(goFolder, module, file);
      if (existsSync(path)) hash.update(`${module}/${file}\n`).update(readFileSync(path));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

export function toolsFolder(): string {
  return join(cacheRoot(), toolsHash());
}

export function toolPath(name: ToolName): string {
  const path = join(toolsFolder(), name);
  if (existsSync(path)) return path;
  throw new Error(`${name} is not built yet: run "npm run cluster:build" (expected ${path})`);
}

let knownGoVersion: string | undefined;

export function goVersion(): string {
  knownGoVersion ??= execFileSync("go", ["env", "GOVERSION"], {
    encoding: "utf8",
    env: { ...process.env, GOTOOLCHAIN: "local" },
  }).trim();
  return knownGoVersion;
}
