import { execFileSync } from "node:child_process";
import { assert, describe, it } from "@effect/vitest";
import type { CrdBackup } from "../../../src/domain/crds/backup.ts";
import { migrationSteps } from "../../../src/domain/crds/migration.ts";
import { crdView } from "../../../src/domain/crds/view.ts";
import { showHints } from "../../../src/render/hints/hints.ts";
import { needsScript, restoreScript, scriptHint } from "../../../src/render/text/restore-script.ts";
import { PLAIN_OPERATOR } from "../../fakes/index.ts";

const shape = (versions: ReadonlyArray<string>) =>
  crdView({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gateways.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { kind: "Gateway", plural: "gateways" },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === versions.length - 1,
      })),
    },
    status: { storedVersions: versions },
  });

const backup: CrdBackup = {
  restorable: { file: "/b/a-restorable.yaml", crds: ["x", "y"] },
  migrateFirst: {
    file: "/b/a-migrate-first.yaml",
    migrations: [
      {
        crd: "gateways.example.com",
        storedIn: "v1",
        steps: migrationSteps(shape(["v0", "v1"]), shape(["v0"])),
      },
    ],
  },
};

describe("the script that puts CRDs back", () => {
  const script = needsScript(backup) ? restoreScript(backup, PLAIN_OPERATOR) : "";

  it("puts back what the server takes, moves what is stored, and puts back the rest", () => {
    assert.deepStrictEqual(
      script.split("\n").filter((line) => line.includes("kubectl")),
      [
        "kubectl replace -f /b/a-restorable.yaml",
        "if kubectl get crd gateways.example.com -o 'jsonpath={.spec.versions[*].name}' | grep -qw v1; then",
        `  kubectl patch crd gateways.example.com --type=json -p '[{"op":"replace","path":"/spec/versions/0/storage","value":true},{"op":"replace","path":"/spec/versions/1/storage","value":false}]'`,
        '  if [ -n "$(kubectl get gateways.v0.example.com -A -o name)" ]; then',
        "    kubectl get gateways.v0.example.com -A -o json | kubectl replace -f -",
        `  kubectl patch crd gateways.example.com --subresource=status --type=merge -p '{"status":{"storedVersions":["v0"]}}'`,
        "kubectl replace -f /b/a-migrate-first.yaml",
      ],
    );
  });

  it("is one that a shell understands", () => {
    execFileSync("/bin/sh", ["-n"], { input: script });
  });

  it("is all that a run prints of the way back", () => {
    if (!needsScript(backup)) return assert.fail();
    const [shown] = showHints(PLAIN_OPERATOR, [scriptHint(backup, "/b/it's here-restore.sh")]);
    const { title, commands } = shown ?? assert.fail();
    assert.match(title, /^To restore the previous 3 CRDs \(after a rollback.*\)\. 1 CRD changed/);
    assert.deepStrictEqual(commands, [`sh '/b/it'\\''s here-restore.sh'`]);
  });

  it("is not needed where the saved copies do", () => {
    assert.isFalse(needsScript({ ...backup, migrateFirst: undefined }));
  });
});
