import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { run } from "../cluster.ts";
import type { HelmMajor } from "../e2e/tare.ts";
import { toolPath } from "../tools.ts";
import type { Unstructured } from "../unstructured.ts";

export const chart = join(import.meta.dirname, "../../../chart");

/** The chart as Helm renders it without a cluster: every object, hooks included. Throws what Helm says when it refuses. */
export const rendered = async (
  values: object = {},
  {
    helm = "helm4",
    kubernetes = "1.36.0",
    release = "tars",
    namespace = "tars-system",
  }: { helm?: HelmMajor; kubernetes?: string; release?: string; namespace?: string } = {},
): Promise<ReadonlyArray<Unstructured>> => {
  const folder = mkdtempSync(join(tmpdir(), "tare-render-"));
  try {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    const where = ["--namespace", namespace, "--kube-version", kubernetes];
    const args = ["template", release, chart, ...where, "--values", file];
    const { code, stdout, stderr } = await run({ env: process.env }, toolPath(helm), args);
    if (code !== 0) throw new Error(stderr);
    return parseAllDocuments(stdout).flatMap((document) => document.toJS() ?? []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const named = (
  objects: ReadonlyArray<Unstructured>,
  kind: string,
  name: string,
): Unstructured => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the chart renders no ${kind} ${name}`);
  return found;
};
