/** What is said of an uninstallation. */
import { showRef } from "../../../domain/kube/objects.ts";
import type { ReportEvent } from "../../../domain/report/report.ts";
import type { UninstallPlan } from "../../../domain/uninstall/plan.ts";
import {
  describeCrdStays,
  describeNamespaceStays,
  describeObjects,
  describeUser,
} from "../../../words/uninstall/words.ts";

type Event<Tag extends ReportEvent["_tag"]> = Extract<ReportEvent, { readonly _tag: Tag }>;

const stayingNamespaces = (namespaces: UninstallPlan["namespaces"]): ReadonlyArray<string> =>
  namespaces.flatMap(({ name, verdict }) =>
    verdict._tag === "Stays"
      ? [`namespace ${name} stays: ${describeNamespaceStays(verdict.why)}`]
      : [],
  );

/** CRDs that stay for the same reason are one line. */
const stayingCrds = (crds: UninstallPlan["crds"]): ReadonlyArray<string> => {
  const byReason = new Map<string, ReadonlyArray<string>>();
  for (const { name, verdict } of crds) {
    if (verdict._tag === "Delete") continue;
    const why = describeCrdStays(verdict.why);
    byReason.set(why, [...(byReason.get(why) ?? []), name]);
  }
  return [...byReason].map(([why, names]) =>
    names.length === 1 ? `CRD ${names[0]} stays: ${why}` : `${names.length} CRDs stay: ${why}`,
  );
};

const count = (number: number, one: string, more: string): string =>
  `${number} ${number === 1 ? one : more}`;

export const uninstallPlanLines = ({
  plan,
  context,
  server,
  dryRun,
}: Event<"UninstallPlanned">): ReadonlyArray<string> => {
  const { release, revision, namespaces } = plan;
  const leaving = namespaces.filter(({ verdict }) => verdict._tag === "Delete");
  const crds = plan.crds.filter(({ verdict }) => verdict._tag === "Delete");
  const what =
    revision === undefined
      ? "of which Helm has no record"
      : `version ${revision.version}, revision ${revision.revision}`;
  return [
    `${dryRun ? "would uninstall" : "uninstalling"} release ${release.name} in ${release.namespace} (${what}), data plane in ${plan.dataplaneNamespace}`,
    `cluster ${server}${context === undefined ? "" : ` (context ${context})`}`,
    ...(plan.customResources.length === 0
      ? []
      : [`custom resources to delete: ${describeObjects(plan.customResources)}`]),
    ...(plan.objects.length === 0
      ? []
      : [`other objects to delete: ${describeObjects(plan.objects)}`]),
    ...(leaving.length === 0
      ? []
      : [`namespaces to delete: ${leaving.map(({ name }) => name).join(", ")}`]),
    ...(crds.length === 0 ? [] : [count(crds.length, "CRD to delete", "CRDs to delete")]),
    ...plan.users.map(describeUser),
    ...stayingNamespaces(namespaces),
    ...stayingCrds(plan.crds),
  ];
};

/** More than these are counted. */
const MOST_LINES = 12;

export const deletedLines = ({ what, objects }: Event<"ObjectsDeleted">): ReadonlyArray<string> => {
  if (what === "crds") return [`${count(objects.length, "CRD", "CRDs")} deleted`];
  return objects.length > MOST_LINES
    ? [`${objects.length} objects deleted: ${describeObjects(objects)}`]
    : objects.map((object) => `${showRef(object)} deleted`);
};

export const uninstalledLines = ({
  release,
  isUnchanged,
  remains,
}: Event<"Uninstalled">): ReadonlyArray<string> => [
  ...(isUnchanged
    ? [`nothing to uninstall: there is no release ${release.name} in ${release.namespace}`]
    : ["Uninstallation completed."]),
  ...stayingNamespaces(remains.namespaces),
  ...stayingCrds(remains.crds),
  ...remains.users.map((user) => `${describeUser(user)}: it stays`),
  ...(isUnchanged
    ? []
    : [
        "Not undone: the URL is still registered with the management plane, the identity is valid, and backups and reports of this machine are kept.",
      ]),
];
