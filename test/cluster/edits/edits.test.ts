import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { printedLines, recordsOf, summaryOf } from "../../output-schema.ts";
import { makeDice } from "../../simulation/dice.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import {
  awaitDataPlane,
  clusterWithRelease,
  currentCrds,
  helm,
  type Operator,
  tare,
} from "../e2e/tare.ts";
import {
  alone,
  drawEdit,
  type Edit,
  edited,
  isListed,
  isSameField,
  showEdit,
  talliesOf,
  valueAt,
} from "./edit.ts";

/**
 * What people and programs do to the objects of a release between upgrades, on the real thing: no upgrade ends with 21, no edit is
 * undone without a word, and the proxies serve at the end. `npm run edits` draws two hundred of them.
 */
const EDITS = Number(process.env.TARE_EDITS ?? 20);
const SEED = Number(process.env.TARE_EDITS_SEED ?? 1);
const PER_UPGRADE = 10;

const typeName = ({ apiVersion, kind }: KubeObject): string => {
  const [group, version] = apiVersion.split("/");
  return version === undefined ? kind : `${kind}.${version}.${group}`;
};

const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

const isEditable = ({ kind }: KubeObject): boolean => kind !== "Namespace" && kind !== "Secret";

describe(`hand edits of a release (seed ${SEED})`, () => {
  let cluster: Cluster;
  let who: Operator;
  const dice = makeDice(SEED);
  const all: Array<Edit> = [];
  const ends: Array<string> = [];

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
  });
  afterAll(async () => {
    await cluster?.stop();
    console.log(talliesOf(all, ends));
  });

  const manifest = async (): Promise<ReadonlyArray<KubeObject>> =>
    parseAllDocuments(await helm(who, ["get", "manifest", "tars", "-n", "tars-system"]))
      .map((document) => document.toJS() as KubeObject | null)
      .filter((object) => object !== null)
      .filter(isEditable);

  const where = ({ metadata }: KubeObject) => ["-n", metadata.namespace ?? "tars-system"];

  const live = async (object: KubeObject): Promise<KubeObject> => {
    const { name } = object.metadata;
    const args = ["get", typeName(object), name, ...where(object), "-o", "json"];
    return JSON.parse(await kubectl(cluster, args));
  };

  const make = async (edit: Edit): Promise<void> => {
    const { object, manner } = edit;
    const now = await live(object);
    const next = edited(now, edit.path, edit.value);
    if (manner === "patch") {
      const path = `/${edit.path.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
      const operation =
        edit.value === undefined
          ? { op: "remove", path }
          : { op: "replace", path, value: edit.value };
      const { name } = object.metadata;
      const args = ["patch", typeName(object), name, ...where(object), "--type=json"];
      await kubectl(cluster, [...args, "-p", JSON.stringify([operation])]);
    } else if (manner === "server-side apply") {
      const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=somebody"];
      await kubectl(cluster, [...args, ...where(object), "-f", "-"], { input: alone(edit) });
    } else {
      const { managedFields: _, ...metadata } = next.metadata;
      const input = { ...next, metadata };
      await kubectl(cluster, [manner, ...where(object), "-f", "-"], { input });
    }
  };

  /** Edits that the server took and that are there: a defaulted or a refused one is drawn again. */
  const editSome = async (): Promise<ReadonlyArray<Edit>> => {
    const objects = await manifest();
    const made: Array<Edit> = [];
    while (made.length < PER_UPGRADE) {
      const edit = drawEdit(dice, objects);
      if (made.some((one) => isSameField(one, edit))) continue;
      const isSeen = await make(edit).then(
        async () => {
          const now = valueAt(await live(edit.object), edit.path);
          return JSON.stringify(now) === JSON.stringify(edit.value);
        },
        () => false,
      );
      if (isSeen) made.push(edit);
    }
    return made;
  };

  const ALLOW: Readonly<Record<string, string>> = {
    ReachWouldChange: "--allow-reach-change",
    SingleReplica: "--allow-downtime",
  };

  const endOf = ({ code, summary }: Awaited<ReturnType<typeof upgraded>>): string =>
    [code, summary.error?.code].join(" ").trim();

  const upgraded = async (flags: ReadonlyArray<string>) => {
    const args = ["upgrade", who.identityFile, "--settle-time", "2s", "--output", "json"];
    const { code, stdout } = await tare(who, [...args, ...flags]);
    const lines = printedLines(stdout);
    return { code, records: recordsOf(lines), summary: summaryOf(lines) };
  };

  it.each(Array.from({ length: Math.ceil(EDITS / PER_UPGRADE) }, (_, index) => index + 1))(
    "ten of them, then upgrade %d",
    async (round) => {
      const edits = await editSome();
      const text = edits.map(showEdit).join("\n");
      const flags = ["--customer", `customer-${round}`];
      all.push(...edits);
      let run = await upgraded(flags);
      ends.push(endOf(run));
      for (let allow = ALLOW[run.summary.error?.code ?? ""]; allow !== undefined; ) {
        expect(run.records.some(({ type }) => type === "helm-started")).toBe(false);
        if (flags.includes(allow)) break;
        flags.push(allow);
        run = await upgraded(flags);
        ends.push(endOf(run));
        allow = ALLOW[run.summary.error?.code ?? ""];
      }
      const why = `${text}\n${JSON.stringify(run.summary.error)}`;
      expect([0, 20], why).toContain(run.code);
      const taken = run.records.flatMap((line) =>
        line.type === "fields-taken" ? line.objects : [],
      );
      // What the new version has no more goes with its edits; the plan lists it.
      const remaining = new Set((await manifest()).map(nameOf));
      const silent: Array<string> = [];
      for (const edit of edits.filter(({ object }) => remaining.has(nameOf(object)))) {
        const { kind, metadata } = edit.object;
        const after = await live(edit.object).then(
          (object) => valueAt(object, edit.path),
          () => undefined,
        );
        if (JSON.stringify(after) === JSON.stringify(edit.value)) continue;
        const listed = taken.find(
          ({ kind: other, name, namespace }) =>
            other === kind && name === metadata.name && namespace === metadata.namespace,
        );
        const isTold = listed?.fields.some(({ path }) => isListed(edit, path)) ?? false;
        if (!isTold) silent.push(`${showEdit(edit)}, then ${JSON.stringify(after)}`);
      }
      expect(silent).toEqual([]);
      await awaitDataPlane(who);
    },
  );
});
