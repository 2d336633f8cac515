/** CRDs on a real API server, with the real files: what is refused, what is counted, and what comes back. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import { showHints } from "../../src/render/hints/hints.ts";
import { restoreHints } from "../../src/render/hints/restore-crds.ts";
import { needsScript, restoreScript } from "../../src/render/text/restore-script.ts";
import { warningText } from "../../src/render/warnings/warning.ts";
import {
  accountKubeconfig,
  applyCrds,
  type Cluster,
  kubectl,
  run,
  startCluster,
} from "./cluster.ts";
import {
  type CrdRun,
  changed,
  crdsIn,
  currentSet,
  fingerprint,
  liveCrds,
  manifestsOf,
  named,
  olderFolder,
  operatorEnvironment,
  page,
  runCrds,
  safeUpgrades,
} from "./crds-harness.ts";
import type { Unstructured } from "./unstructured.ts";

let cluster: Cluster;
const older = crdsIn(olderFolder);
const current = currentSet();
const pick = (...plurals: ReadonlyArray<string>) => plurals.map((name) => named(current, name));

beforeAll(async () => {
  cluster = await startCluster();
  process.env.HOME = mkdtempSync(join(cluster.dir, "operator-"));
  await applyCrds(cluster, olderFolder);
});
afterAll(() => cluster.stop());

const apply = (object: object, manager = "team-a") =>
  kubectl(
    cluster,
    ["apply", "--server-side", "--force-conflicts", `--field-manager=${manager}`, "-f", "-"],
    { input: object },
  );

const warningsOf = (events: ReadonlyArray<ReportEvent>): ReadonlyArray<string> =>
  events.flatMap((event) => (event._tag === "Warning" ? [warningText(event.warning)] : []));

/** The run is refused as told, names all that an operator needs, and leaves no trace on any CRD. */
const expectRefused = async (
  crds: ReadonlyArray<KubeObject>,
  { exitCode = 14, says }: { readonly exitCode?: number; readonly says: ReadonlyArray<string> },
  kubeconfig = cluster.kubeconfig,
) => {
  const before = fingerprint(await liveCrds(cluster));
  const { error } = await runCrds(kubeconfig, manifestsOf(crds));
  const text = page(cluster, error);
  expect(error?.exitCode, text).toBe(exitCode);
  expect(text).toContain("no CRD was written");
  for (const part of says) expect(text).toContain(part);
  expect(fingerprint(await liveCrds(cluster))).toEqual(before);
};

const backends = "backends.gateway.envoyproxy.io";
const version = (crd: Unstructured, name: string) =>
  crd.spec.versions.find((one: Unstructured) => one.name === name);

it("a CRD that a platform keeps is left alone when it serves what is needed", async () => {
  const crd = "referencegrants.gateway.networking.k8s.io";
  await kubectl(cluster, ["label", "crd", crd, "addonmanager.kubernetes.io/mode=Reconcile"]);
  const wanted = changed(named(current, "referencegrants"), ({ spec }) => {
    spec.versions = spec.versions.filter(({ name }: Unstructured) => name === "v1beta1");
  });
  const { counts, events } = await runCrds(cluster.kubeconfig, manifestsOf([wanted]));
  expect(counts).toEqual({ created: 0, updated: 0, skipped: 1 });
  expect(warningsOf(events)).toContainEqual(expect.stringContaining("managed by GKE"));
  // The real one serves v1, which the platform's does not: no controller of ours would find it.
  await expectRefused(pick("referencegrants"), { says: [`${crd}: GKE manages it`, "v1"] });
  await kubectl(cluster, ["label", "crd", crd, "addonmanager.kubernetes.io/mode-"]);
});

describe("refused before anything is written:", () => {
  it("a CRD without a version that is stored", async () => {
    const [backend, bystander] = pick("backends", "envoypatchpolicies") as [KubeObject, KubeObject];
    const crd = changed(backend, ({ spec }) => {
      spec.versions[0].name = "v1";
    });
    const route = changed(named(current, "httproutes"), ({ spec }) => {
      spec.versions = spec.versions.filter(({ name }: Unstructured) => name === "v1beta1");
      spec.versions[0].storage = true;
    });
    await expectRefused([crd, route, bystander], {
      says: [
        `${backends}: status.storedVersions lists v1alpha1`,
        "get backends.gateway.envoyproxy.io -A -o yaml",
        "httproutes.gateway.networking.k8s.io: status.storedVersions lists v1",
        "get httproutes.v1beta1.gateway.networking.k8s.io -A -o json",
        "patch crd httproutes.gateway.networking.k8s.io --subresource=status",
      ],
    });
  });

  it("and the API server says what we know it to say", async () => {
    const crd = changed(named(current, "backends"), ({ spec }) => {
      spec.versions[0].name = "v1";
    });
    await expect(apply(crd)).rejects.toThrow(
      /status\.storedVersions\[0\]: Invalid value: "v1alpha1": missing from spec\.versions/,
    );
  });

  it("a CRD of another scope, or of another kind", async () => {
    const [backend, extension] = pick("backends", "envoyextensionpolicies") as [
      KubeObject,
      KubeObject,
    ];
    const scope = changed(backend, ({ spec }) => {
      spec.scope = "Cluster";
    });
    const kind = changed(extension, ({ spec }) => {
      spec.names.kind = "Extension";
      spec.names.listKind = "ExtensionList";
    });
    await expectRefused([scope, kind, named(current, "envoypatchpolicies")], {
      says: [
        "2 CRDs were refused",
        `${backends}: spec.scope would change from Namespaced to Cluster`,
        "envoyextensionpolicies.gateway.envoyproxy.io: spec.names.kind would change",
        `delete crd ${backends}`,
      ],
    });
  });

  it("a version that stops being served while an object is written in it", async () => {
    await apply({
      apiVersion: "gateway.networking.k8s.io/v1beta1",
      kind: "HTTPRoute",
      metadata: { name: "old", namespace: "default" },
      spec: { hostnames: ["old.example.com"] },
    });
    const crd = changed(named(current, "httproutes"), (route) => {
      version(route, "v1beta1").served = false;
    });
    await expectRefused([crd, named(current, "envoypatchpolicies")], {
      says: [
        "httproutes.gateway.networking.k8s.io: version v1beta1 would no longer be served",
        "default/old by team-a",
        "patch httproutes.v1.gateway.networking.k8s.io old -n default",
      ],
    });
    await kubectl(cluster, ["delete", "httproute", "old"]);
  });

  it("a version that stops being served while a Helm release holds it", async () => {
    const chart = join(cluster.dir, "grants");
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: grants\nversion: 1.0.0\n");
    writeFileSync(
      join(chart, "templates", "gateway.yaml"),
      "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: GatewayClass\nmetadata: {name: theirs}\nspec: {controllerName: example.com/x}\n",
    );
    const installed = await run(cluster, cluster.helm3, ["install", "grants", chart]);
    expect(installed.stderr).toBe("");
    const crd = changed(named(current, "gatewayclasses"), (one) => {
      version(one, "v1beta1").served = false;
      one.metadata.annotations.changed = "yes";
    });
    await expectRefused([crd], {
      says: ["gatewayclasses", "Helm releases hold it: grants in default", "get manifest grants"],
    });
    await run(cluster, cluster.helm3, ["uninstall", "grants"]);
  });

  it("a stricter schema that a live object fails, and no other", async () => {
    const endpoint = (port: number) => ({
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "Backend",
      metadata: { name: `port-${port}`, namespace: "default" },
      spec: { endpoints: [{ fqdn: { hostname: "a.example.com", port } }] },
    });
    await apply(endpoint(80));
    await apply(endpoint(8080));
    const crd = changed(named(current, "backends"), (backend) => {
      const { properties } = version(backend, "v1alpha1").schema.openAPIV3Schema;
      properties.spec.properties.endpoints.items.properties.fqdn.properties.port.maximum = 1023;
    });
    await expectRefused([crd, named(current, "envoypatchpolicies")], {
      says: [
        `${backends}: the new schema is stricter and 1 live object fails it: default/port-8080 (spec.endpoints[0].fqdn.port 8080 is more than 1023)`,
        "no CEL rules",
        "edit backends.v1alpha1.gateway.envoyproxy.io port-8080 -n default",
      ],
    });
    await kubectl(cluster, ["delete", "backends.gateway.envoyproxy.io", "--all"]);
  });

  it("another conversion strategy", async () => {
    const webhook = {
      strategy: "Webhook",
      webhook: {
        conversionReviewVersions: ["v1"],
        clientConfig: { url: "https://localhost/convert" },
      },
    };
    await kubectl(cluster, [
      "patch",
      "crd",
      backends,
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { conversion: webhook } }),
    ]);
    await expectRefused(pick("backends", "envoypatchpolicies"), {
      says: [
        `${backends}: its conversion strategy is Webhook and the new CRD's is None`,
        "patch crd",
      ],
    });
    await kubectl(cluster, [
      "patch",
      "crd",
      backends,
      "--type=json",
      "-p",
      JSON.stringify([{ op: "replace", path: "/spec/conversion", value: { strategy: "None" } }]),
    ]);
  });

  it("another channel", async () => {
    const crd = "grpcroutes.gateway.networking.k8s.io";
    const key = "gateway.networking.k8s.io/channel";
    await kubectl(cluster, ["annotate", "crd", crd, "--overwrite", `${key}=experimental`]);
    await expectRefused(pick("grpcroutes", "envoypatchpolicies"), {
      says: [`${crd}: it is of the experimental channel`, `annotate crd ${crd} --overwrite`],
    });
    await kubectl(cluster, ["annotate", "crd", crd, "--overwrite", `${key}=standard`]);
  });

  it("a newer bundle that does not serve what the controllers need; one that does is left alone", async () => {
    const key = "gateway.networking.k8s.io/bundle-version";
    const crd = "backendtlspolicies.gateway.networking.k8s.io";
    await kubectl(cluster, ["annotate", "crd", crd, "--overwrite", `${key}=v1.9.0`]);
    const wanting = changed(named(current, "backendtlspolicies"), ({ spec }) => {
      spec.versions.push({ ...structuredClone(spec.versions[0]), name: "v2", storage: false });
    });
    await expectRefused([wanting, named(current, "envoypatchpolicies")], {
      says: [`${crd}: the cluster's bundle v1.9.0 is newer than v1.5.1, and it does not serve v2`],
    });
    const { counts, events } = await runCrds(
      cluster.kubeconfig,
      manifestsOf(pick("backendtlspolicies")),
    );
    expect(counts).toEqual({ created: 0, updated: 0, skipped: 1 });
    expect(warningsOf(events)).toContainEqual(expect.stringContaining("left as it is"));
    await kubectl(cluster, ["annotate", "crd", crd, "--overwrite", `${key}=v1.4.1`]);
  });

  it("fields of a manager nobody knows", async () => {
    const crd = "envoypatchpolicies.gateway.envoyproxy.io";
    const theirs = changed(named(older, "envoypatchpolicies"), ({ metadata }) => {
      metadata.annotations["controller-gen.kubebuilder.io/version"] = "theirs";
    });
    await apply(theirs, "acme-operator");
    await expectRefused(pick("envoypatchpolicies", "gatewayclasses"), {
      says: [
        `${crd}: it would be taken away from field manager "acme-operator"`,
        ".metadata.annotations.controller-gen.kubebuilder.io/version",
        "--show-managed-fields",
      ],
    });
    await apply(named(older, "envoypatchpolicies"), "helm");
    await kubectl(cluster, [
      "patch",
      "crd",
      crd,
      "--type=json",
      "-p",
      JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value: [{}] }]),
    ]);
  });

  it("what the safe-upgrades policy denies", async () => {
    await kubectl(cluster, ["apply", "-f", safeUpgrades]);
    const again = changed(named(older, "grpcroutes"), ({ spec }) => {
      spec.versions[0].schema.openAPIV3Schema.description = "another";
    });
    // The API server takes a moment to enforce a new policy.
    await expect
      .poll(
        () =>
          run(
            cluster,
            cluster.kubectl,
            ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"],
            { input: again },
          ).then(({ stderr }) => stderr),
        { timeout: 30_000 },
      )
      .toContain("denied");
    await expectRefused([again, named(current, "envoypatchpolicies")], {
      says: [
        "grpcroutes.gateway.networking.k8s.io: denied by admission policy safe-upgrades.gateway.networking.k8s.io",
        "Installing CRDs with version before v1.5.0 is prohibited",
        "get validatingadmissionpolicy safe-upgrades.gateway.networking.k8s.io -o yaml",
      ],
    });
  });

  it("a write without the right to it: exit 10", async () => {
    await kubectl(cluster, ["create", "serviceaccount", "reader"]);
    const reading = ["--verb=get,list", "--resource=customresourcedefinitions"];
    const locking = ["--verb=get,create,update", "--resource=leases.coordination.k8s.io"];
    await kubectl(cluster, ["create", "clusterrole", "crd-reader", ...reading]);
    await kubectl(cluster, ["create", "clusterrole", "locker", ...locking]);
    for (const role of ["crd-reader", "locker"]) {
      const to = [`--clusterrole=${role}`, "--serviceaccount=default:reader"];
      await kubectl(cluster, ["create", "clusterrolebinding", role, ...to]);
    }
    const account = await accountKubeconfig(cluster, { namespace: "default", name: "reader" });
    await expectRefused(
      pick("envoypatchpolicies"),
      {
        exitCode: 10,
        says: [
          "envoypatchpolicies.gateway.envoyproxy.io",
          "cannot patch",
          "create clusterrole tare-crds",
          "--user=system:serviceaccount:default:reader",
        ],
      },
      account,
    );
  });
});

/** Created and updated, told from what was read before and after. */
const seen = (
  before: ReadonlyMap<string, Unstructured>,
  after: ReadonlyMap<string, Unstructured>,
) => {
  const records = ({ metadata }: Unstructured) =>
    JSON.stringify([metadata.generation, metadata.annotations]);
  const kept = [...after].filter(([name]) => before.has(name));
  const updated = kept.filter(([name, crd]) => records(crd) !== records(before.get(name)));
  return {
    created: after.size - kept.length,
    updated: updated.length,
    skipped: kept.length - updated.length,
  };
};

describe("the whole set", () => {
  let before: ReadonlyMap<string, Unstructured>;
  let first: CrdRun;

  beforeAll(async () => {
    before = await liveCrds(cluster);
    first = await runCrds(cluster.kubeconfig, manifestsOf(current));
  });

  it("is created and updated, with ours on top, as generations and records tell", async () => {
    expect(page(cluster, first.error)).toBe("");
    expect(first.counts).toEqual({ created: 4, updated: 19, skipped: 0 });
    const after = await liveCrds(cluster);
    expect(seen(before, after)).toEqual(first.counts);
    for (const { metadata } of after.values()) {
      expect(metadata.annotations["tars.io/crd-generation"]).toBe(String(metadata.generation));
    }
  });

  it("is found by discovery once the phase is over", async () => {
    const found = await kubectl(cluster, ["api-resources", "-o", "name"]);
    for (const { metadata } of current) expect(found.split("\n")).toContain(metadata.name);
  });

  it("is skipped by the next run", async () => {
    const untouched = await liveCrds(cluster);
    const { counts } = await runCrds(cluster.kubeconfig, manifestsOf(current));
    expect(counts).toEqual({ created: 0, updated: 0, skipped: 23 });
    expect(fingerprint(await liveCrds(cluster))).toEqual(fingerprint(untouched));
  });

  it("is never skipped where it was edited by hand", async () => {
    const description = [{ op: "add", path: "/spec/names/shortNames", value: ["byhand"] }];
    await kubectl(cluster, [
      "patch",
      "crd",
      backends,
      "--type=json",
      "-p",
      JSON.stringify(description),
    ]);
    await kubectl(cluster, [
      "annotate",
      "crd",
      "gateways.gateway.networking.k8s.io",
      "--overwrite",
      "gateway.networking.k8s.io/bundle-version=v1.5.0",
    ]);
    // A field that our manifest does not have, and that therefore stays.
    const added = [{ op: "add", path: "/spec/names/categories", value: ["byhand"] }];
    await kubectl(cluster, [
      "patch",
      "crd",
      "quotapolicies.aigateway.envoyproxy.io",
      "--type=json",
      "-p",
      JSON.stringify(added),
    ]);
    const { counts } = await runCrds(cluster.kubeconfig, manifestsOf(current));
    expect(counts).toEqual({ created: 0, updated: 3, skipped: 20 });
    const next = await runCrds(cluster.kubeconfig, manifestsOf(current));
    expect(next.counts).toEqual({ created: 0, updated: 0, skipped: 23 });
  });

  it("comes back by the script, the moved ones after a migration", async () => {
    const backup = first.events.flatMap((event) =>
      event._tag === "CrdsBackedUp" ? [event.backup] : [],
    )[0];
    if (backup?.restorable === undefined || backup.migrateFirst === undefined)
      throw new Error("no backup");
    expect(backup.restorable.crds).toHaveLength(14);
    const moved = backup.migrateFirst.migrations.map(({ crd }) => crd);
    expect(moved).toHaveLength(5);
    expect(moved.every((name) => name.endsWith(".aigateway.envoyproxy.io"))).toBe(true);
    // Its owner would have to be asked first: it refuses bundles as old as the saved ones.
    await kubectl(cluster, ["delete", "-f", safeUpgrades]);

    const [restore, migrate] = showHints(operatorEnvironment(cluster), restoreHints(backup));
    if (!needsScript(backup)) throw new Error("no migration");
    const script = join(cluster.dir, "restore.sh");
    writeFileSync(script, restoreScript(backup, operatorEnvironment(cluster)));
    const shell = (command: string) => run(cluster, "/bin/sh", ["-c", command]);
    for (const command of restore?.commands ?? []) {
      expect((await shell(command)).code, command).toBe(0);
    }
    const specs = (crds: ReadonlyMap<string, Unstructured>, names: ReadonlyArray<string>) =>
      names.map((name) => crds.get(name).spec);
    expect(specs(await liveCrds(cluster), backup.restorable.crds)).toEqual(
      specs(before, backup.restorable.crds),
    );

    const put = migrate?.commands.at(-1) ?? "";
    const refused = await shell(put);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/status\.storedVersions\[\d\]: Invalid value: "v1beta1"/);
    // A stored object, so that one of the migrations really has something to move.
    await apply({
      apiVersion: "aigateway.envoyproxy.io/v1beta1",
      kind: "AIServiceBackend",
      metadata: { name: "stored", namespace: "default" },
      spec: {
        schema: { name: "OpenAI" },
        backendRef: { group: "gateway.envoyproxy.io", kind: "Backend", name: "x" },
      },
    });
    // What is printed is the script, and its steps where it could not be kept; the same commands in both.
    for (const time of ["once", "again"]) {
      const { code, stderr } = await shell(`sh ${script}`);
      expect(code, `${time}: ${stderr}`).toBe(0);
      expect(specs(await liveCrds(cluster), moved)).toEqual(specs(before, moved));
    }
    const text = readFileSync(script, "utf8");
    expect((migrate?.commands ?? []).filter((command) => !text.includes(command))).toEqual([]);
    const left = await kubectl(cluster, [
      "get",
      "aiservicebackends.v1alpha1.aigateway.envoyproxy.io",
      "-n",
      "default",
      "-o",
      "name",
    ]);
    expect(left).toContain("/stored");
  });
});

const startChild = (set: "older" | "current") => {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "crds-child.ts"), cluster.kubeconfig, set],
    {
      env: { ...cluster.env, HOME: process.env.HOME },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  const ended = new Promise<{ readonly code: number | null; readonly stdout: string }>(
    (resolve) => {
      child.once("close", (code) => resolve({ code, stdout }));
    },
  );
  return { child, ended };
};

const written = async (): Promise<number> =>
  [...(await liveCrds(cluster)).values()].filter(
    ({ metadata }) => metadata.annotations?.["tars.io/crd-sha256"] !== undefined,
  ).length;

it("killed between two applies, the next run finishes the set and counts what it did itself", async () => {
  const { child, ended } = startChild("current");
  await expect.poll(written, { timeout: 120_000, interval: 50 }).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await ended;
  const before = await liveCrds(cluster);
  const { counts, error } = await runCrds(cluster.kubeconfig, manifestsOf(current));
  expect(page(cluster, error)).toBe("");
  const after = await liveCrds(cluster);
  expect(counts?.skipped).toBeGreaterThan(0);
  expect(counts?.skipped).toBeLessThan(23);
  // Those of before that are not in the set do not exist here.
  expect(counts).toEqual(seen(before, after));
  expect(after.size).toBe(23);
});

it("two runs at the same moment wait for each other and leave no mixture", async () => {
  const edit = JSON.stringify([{ op: "add", path: "/spec/names/shortNames", value: ["byhand"] }]);
  for (const crd of [backends, "securitypolicies.gateway.envoyproxy.io"]) {
    await kubectl(cluster, ["patch", "crd", crd, "--type=json", "-p", edit]);
  }
  const runs = [startChild("current"), startChild("current")];
  const results = await Promise.all(runs.map(({ ended }) => ended));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  const updated = results.map(({ stdout }) => JSON.parse(stdout).counts.updated).sort();
  // One did it all, the other found it done.
  expect(updated).toEqual([0, 2]);
});
