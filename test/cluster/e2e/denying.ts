import { randomUUID } from "node:crypto";
import { kubectl, run } from "../cluster.ts";
import { until } from "./running-tare.ts";
import type { Operator } from "./tare.ts";

export interface Rule {
  readonly apiGroups: ReadonlyArray<string>;
  readonly apiVersions: ReadonlyArray<string>;
  readonly operations: ReadonlyArray<string>;
  readonly resources: ReadonlyArray<string>;
  readonly resourceNames?: ReadonlyArray<string>;
}

/** While `work` goes on, the API server refuses whatever the rule matches and the expression does not hold for. */
export const denying = async (
  { cluster }: Operator,
  rule: Rule,
  expression: string,
  work: () => Promise<void>,
): Promise<void> => {
  const name = `test-${randomUUID()}`;
  const apiVersion = "admissionregistration.k8s.io/v1";
  const probe = "policy-is-enforced";
  const policy = {
    apiVersion,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: [rule, { ...PROBES, resourceNames: [probe] }] },
      validations: [
        {
          expression: `request.resource.resource != 'configmaps' && (${expression})`,
          message: name,
        },
      ],
    },
  };
  const binding = {
    apiVersion,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  };
  for (const input of [policy, binding]) await kubectl(cluster, ["apply", "-f", "-"], { input });
  // The API server takes a moment to enforce a new policy, and to forget one.
  const isEnforced = async () => {
    const trial = ["create", "configmap", probe, "--dry-run=server"];
    return (await run(cluster, cluster.kubectl, trial)).stderr.includes(name);
  };
  try {
    await until("the policy to be enforced", isEnforced);
    await work();
  } finally {
    for (const kind of ["binding", ""]) {
      await kubectl(cluster, ["delete", `validatingadmissionpolicy${kind}`, name]);
    }
    await until("the policy to be forgotten", async () => !(await isEnforced()));
  }
};

const PROBES: Rule = {
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources: ["configmaps"],
};
