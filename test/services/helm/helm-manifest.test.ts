import { assert, describe, it } from "@effect/vitest";
import { Redacted } from "effect";
import {
  manifestObjects,
  readDryRun,
  readTemplate,
  templateRecordBytes,
} from "../../../src/services/helm/helm-manifest.ts";

const JOB = `apiVersion: batch/v1
kind: Job
metadata:
  name: certgen
  annotations:
    helm.sh/hook: pre-upgrade
`;
const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: s
defaultMode: 0400
enabled: yes
at: 10:30
on: 2026-11-23
`;

describe("manifests", () => {
  it("are read as Helm reads them: octal numbers and yes, but no times and no dates", () => {
    const [object] = manifestObjects(`---\n# Source: tars\n${SECRET}---\n# nothing\n---\n${JOB}`);
    assert.deepInclude(object, { defaultMode: 256, enabled: true, at: "10:30" });
    assert.strictEqual(object?.true, "2026-11-23");
  });
});

const names = (objects: ReadonlyArray<{ readonly metadata: { readonly name: string } }>) =>
  objects.map(({ metadata }) => metadata.name);

describe("what Helm would make of a chart", () => {
  it("is in the record of a dry run, whatever a registry had to say before", () => {
    const record = JSON.stringify({ manifest: `---\n${SECRET}`, hooks: [{ manifest: JOB }] });
    const rendered = Redacted.value(readDryRun(`Pulled: oci://x\nDigest: sha256:0\n${record}\n`));
    assert.deepStrictEqual([names(rendered.objects), names(rendered.hooks)], [["s"], ["certgen"]]);
    assert.isAbove(rendered.recordBytes ?? 0, 100);
  });

  it("has no hooks where there are none", () => {
    const rendered = Redacted.value(readDryRun(JSON.stringify({ manifest: SECRET, hooks: null })));
    assert.deepStrictEqual(rendered.hooks, []);
  });

  it("is a list of objects and hooks in a template, whose record can only be estimated", () => {
    const text = `${SECRET}---\n${JOB}`;
    const values = Redacted.make({ a: 1 });
    const rendered = Redacted.value(
      readTemplate(text, templateRecordBytes(text, values, ["ZmlsZQ=="])),
    );
    assert.deepStrictEqual([names(rendered.objects), names(rendered.hooks)], [["s"], ["certgen"]]);
    assert.isAbove(rendered.recordBytes ?? 0, 100);
    assert.isUndefined(Redacted.value(readTemplate(text, undefined)).recordBytes);
  });
});
