import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, recordsOf, summaryOf } from "../../output-schema.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import type { Unstructured } from "../unstructured.ts";
import {
  awaitDataPlane,
  beatenBy,
  clusterWithRelease,
  currentCrds,
  type HelmMajor,
  type Operator,
  states,
  tare,
} from "./tare.ts";

/**
 * Edits after which the chart's own comes back beside what was set instead: to the server both are wanted, and together
 * they are invalid, or not what anybody wanted. Such an edit is taken back like any other.
 */
const POD = "/spec/template/spec";
const GATEWAY = `${POD}/containers/0`;

interface ByHand {
  readonly object: readonly [string, string];
  readonly patch: ReadonlyArray<Unstructured>;
  /** What of the object has to be the chart's again, and is listed. */
  readonly listed: string;
}

const EDITS: Readonly<Record<string, ByHand>> = {
  "another containerPort": {
    object: ["deployment", "envoy-gateway"],
    patch: [{ op: "replace", path: `${GATEWAY}/ports/0/containerPort`, value: 18111 }],
    listed: 'containers[name="envoy-gateway"].ports[containerPort=18111,protocol="TCP"]',
  },
  "another protocol": {
    object: ["deployment", "envoy-gateway"],
    patch: [{ op: "replace", path: `${GATEWAY}/ports/2/protocol`, value: "UDP" }],
    listed: 'ports[containerPort=18002,protocol="UDP"]',
  },
  "another port of a Service": {
    object: ["service", "envoy-gateway"],
    patch: [{ op: "replace", path: "/spec/ports/0/port", value: 18111 }],
    listed: 'spec.ports[port=18111,protocol="TCP"]',
  },
  "another name of a container": {
    object: ["deployment", "tars-otel-collector"],
    patch: [{ op: "replace", path: `${GATEWAY}/name`, value: "renamed" }],
    listed: 'containers[name="renamed"]',
  },
  "another name of a variable": {
    object: ["deployment", "ai-gateway-controller"],
    patch: [{ op: "replace", path: `${GATEWAY}/env/0/name`, value: "RENAMED" }],
    listed: 'env[name="RENAMED"]',
  },
  "another place of a volume": {
    object: ["deployment", "ai-gateway-controller"],
    patch: [{ op: "replace", path: `${GATEWAY}/volumeMounts/0/mountPath`, value: "/elsewhere" }],
    listed: 'volumeMounts[mountPath="/elsewhere"]',
  },
  "another source of a volume": {
    object: ["deployment", "envoy-gateway"],
    patch: [
      { op: "remove", path: `${POD}/volumes/0/configMap` },
      { op: "add", path: `${POD}/volumes/0/emptyDir`, value: {} },
    ],
    listed: 'volumes[name="config"].emptyDir',
  },
  "another kind of probe": {
    object: ["deployment", "envoy-gateway"],
    patch: [
      { op: "remove", path: `${GATEWAY}/readinessProbe/httpGet` },
      { op: "add", path: `${GATEWAY}/readinessProbe/tcpSocket`, value: { port: 8081 } },
    ],
    listed: "readinessProbe.tcpSocket",
  },
};

/** The chart's own of the objects above, in the order of their keys; what a new version adds counts as well. */
const shapeOf = ({ spec }: Unstructured): Unstructured => {
  const pod = spec.template?.spec ?? {};
  const container = pod.containers?.[0] ?? {};
  return {
    containers: pod.containers?.length,
    ports: (spec.ports ?? container.ports)?.map(
      ({ name, port, containerPort, protocol }: Unstructured) =>
        [name, port ?? containerPort, protocol].join(" "),
    ),
    env: container.env?.map(({ name }: Unstructured) => name),
    mounts: container.volumeMounts?.map(({ mountPath }: Unstructured) => mountPath),
    volumes: pod.volumes?.map((volume: Unstructured) => Object.keys(volume).sort().join(" ")),
    probe: Object.keys(container.readinessProbe ?? {}),
  };
};

describe.each(["helm4", "helm3"] as const)(
  "edits of what an item goes by: %s",
  (major: HelmMajor) => {
    let cluster: Cluster;
    let who: Operator;

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease(major, { crds: currentCrds }));
    });
    afterAll(() => cluster?.stop());

    const live = async ([kind, name]: ByHand["object"]): Promise<Unstructured> =>
      JSON.parse(await kubectl(cluster, ["get", kind, name, "-n", "tars-system", "-o", "json"]));

    const upgraded = async (by: Operator, ...args: ReadonlyArray<string>) => {
      const all = ["upgrade", who.identityFile, "--settle-time", "2s", "--output", "json", ...args];
      const { code, stdout } = await tare(by, all);
      const lines = printedLines(stdout);
      const listed = recordsOf(lines).flatMap((line) =>
        line.type === "fields-taken"
          ? line.objects.flatMap(({ fields }) => fields.map(({ path }) => path))
          : [],
      );
      return { code, summary: summaryOf(lines), listed };
    };

    const edit = async ({ object, patch }: ByHand) => {
      const args = ["patch", ...object, "-n", "tars-system", "--type=json"];
      await kubectl(cluster, [...args, "-p", JSON.stringify(patch)]);
    };

    it("are listed, refused when asked for, and taken back", async () => {
      for (const one of Object.values(EDITS)) await edit(one);
      const refused = await upgraded(who, "--on-conflict=refuse");
      expect(refused.code, JSON.stringify(refused.summary.error)).toBe(10);
      const { code, summary, listed } = await upgraded(who);
      expect(code, JSON.stringify(summary.error)).toBe(0);
      for (const [what, { listed: path }] of Object.entries(EDITS)) {
        expect(
          listed.some((one) => one.endsWith(path)),
          `${what}: ${listed.join("\n")}`,
        ).toBe(true);
      }
      await awaitDataPlane(who);
    });

    it("leave nothing behind", async () => {
      const objects = new Map(Object.values(EDITS).map(({ object }) => [object.join(), object]));
      const before = new Map<string, Unstructured>();
      for (const [key, object] of objects) before.set(key, shapeOf(await live(object)));
      expect(JSON.stringify([...before])).not.toMatch(
        /18111|UDP|renamed|RENAMED|elsewhere|emptyDir|tcpSocket/,
      );
      const { code, listed } = await upgraded(who);
      expect(code).toBe(0);
      expect(listed).toEqual([]);
    });

    it("are listed and taken back with --skip-preflight as well", async () => {
      const keys = ["another containerPort", "another port of a Service", "another kind of probe"];
      const some = keys.map((key) => EDITS[key] as ByHand);
      const shapes = async () =>
        Promise.all(some.map(async ({ object }) => shapeOf(await live(object))));
      const before = await shapes();
      for (const one of some) await edit(one);
      const { code, summary, listed } = await upgraded(who, "--skip-preflight");
      expect(code, JSON.stringify(summary.error)).toBe(0);
      expect(listed).not.toEqual([]);
      expect(await shapes()).toEqual(before);
    });

    it("are taken back by the rollback, when they come right before Helm", async () => {
      const { object, patch } = EDITS["another containerPort"] as ByHand;
      const words = ["patch", ...object, "-n", "tars-system", "--type=json"];
      const before = shapeOf(await live(object));
      const late = beatenBy(who, ...words, "-p", JSON.stringify(patch));
      const { code, summary } = await upgraded(late);
      expect(code, JSON.stringify(summary.error)).toBe(20);
      expect(await states(who)).toMatch(/deployed$/);
      expect(shapeOf(await live(object))).toEqual(before);
    });
  },
);
