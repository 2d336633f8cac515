const ACCOUNT = { kind: "ServiceAccount", name: "operator", namespace: "default" };

/** An account that may do everything. */
export const OPERATOR = [
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "operator", namespace: "default" },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "operator" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [ACCOUNT],
  },
];

/** And for it room for hardly one request about CRDs at a time; what does not fit is answered with 429. */
export const BUSY = [
  ...OPERATOR,
  {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name: "busy" },
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 1,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: "Reject" },
      },
    },
  },
  {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "busy" },
    spec: {
      matchingPrecedence: 2,
      priorityLevelConfiguration: { name: "busy" },
      rules: [
        {
          subjects: [
            { kind: ACCOUNT.kind, serviceAccount: { name: "operator", namespace: "default" } },
          ],
          resourceRules: [
            {
              apiGroups: ["apiextensions.k8s.io"],
              resources: ["*"],
              verbs: ["*"],
              clusterScope: true,
            },
          ],
        },
      ],
    },
  },
];
