/** Accounts that may do less than the administrator. */
import { accountKubeconfig, kubectl } from "../cluster.ts";
import type { Operator } from "./tare.ts";

export interface Rule {
  readonly apiGroups: ReadonlyArray<string>;
  readonly resources: ReadonlyArray<string>;
  readonly verbs: ReadonlyArray<string>;
}

const RBAC = "rbac.authorization.k8s.io";
const namespace = "default";

/** What an account may do, from now on. */
export const allow = async (
  { cluster }: Operator,
  name: string,
  rules: ReadonlyArray<Rule>,
  where?: string,
): Promise<void> => {
  const [kind, prefix] = where === undefined ? ["ClusterRole", "Cluster"] : ["Role", ""];
  const metadata = { name, ...(where === undefined ? {} : { namespace: where }) };
  const apiVersion = `${RBAC}/v1`;
  const items = [
    { apiVersion, kind, metadata, rules },
    {
      apiVersion,
      kind: `${prefix}RoleBinding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
  await kubectl(cluster, ["apply", "-f", "-"], {
    input: { apiVersion: "v1", kind: "List", items },
  });
};

/** The kubeconfig of a new account that may do what the rules say, everywhere. */
export const accountWith = async (
  who: Operator,
  name: string,
  rules: ReadonlyArray<Rule>,
): Promise<string> => {
  await kubectl(who.cluster, ["create", "serviceaccount", name, "--namespace", namespace]);
  await allow(who, name, rules);
  return accountKubeconfig(who.cluster, { namespace, name });
};

/** Of all APIs that the cluster serves. */
export const groupsOf = async ({ cluster }: Operator): Promise<ReadonlyArray<string>> => {
  const versions = (await kubectl(cluster, ["api-versions"])).trim().split("\n");
  return ["", ...new Set(versions.flatMap((one) => one.match(/^(.+)\//)?.[1] ?? []))];
};

/** The kubeconfig of a new account that may do everything but reach the Jobs of the data plane. */
export const accountWithoutProxyJobs = async (who: Operator, name: string): Promise<string> => {
  const others = (await groupsOf(who)).filter((group) => group !== "batch");
  const kubeconfig = await accountWith(who, name, [
    { apiGroups: others, resources: ["*"], verbs: ["*"] },
    { apiGroups: ["batch"], resources: ["*"], verbs: ["get", "watch"] },
  ]);
  await allow(who, name, [{ apiGroups: ["batch"], resources: ["*"], verbs: ["*"] }], "tars-system");
  return kubeconfig;
};
