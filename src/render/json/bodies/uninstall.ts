/** An uninstallation as JSON. */
import type { ObjectRef } from "../../../domain/kube/objects.ts";
import type { Remains } from "../../../domain/uninstall/outcome.ts";
import type { UninstallPlan } from "../../../domain/uninstall/plan.ts";
import {
  describeCrdStays,
  describeNamespaceStays,
  describeUser,
} from "../../../words/uninstall/words.ts";
import { member } from "./body.ts";

export const refBody = ({ type, name, namespace }: ObjectRef) => ({
  kind: type.kind,
  group: type.group,
  ...member("namespace", namespace),
  name,
});

const namespaceBody = ({ name, verdict }: UninstallPlan["namespaces"][number]) => ({
  name,
  stays: verdict._tag === "Stays",
  ...member("why", verdict._tag === "Stays" ? describeNamespaceStays(verdict.why) : undefined),
});

const crdBody = ({ name, verdict }: UninstallPlan["crds"][number]) => ({
  name,
  stays: verdict._tag === "Stays",
  ...member("why", verdict._tag === "Stays" ? describeCrdStays(verdict.why) : undefined),
});

const usersBody = (users: UninstallPlan["users"]) =>
  users.map((user) => ({ object: refBody(user.object), why: describeUser(user) }));

export const uninstallBody = (plan: UninstallPlan) => ({
  release: plan.release,
  dataplaneNamespace: plan.dataplaneNamespace,
  ...member("revision", plan.revision?.revision),
  ...member("version", plan.revision?.version),
  customResources: plan.customResources.map(refBody),
  objects: plan.objects.map(refBody),
  namespaces: plan.namespaces.filter(({ verdict }) => verdict._tag !== "Absent").map(namespaceBody),
  crds: plan.crds.map(crdBody),
  usedByOthers: usersBody(plan.users),
});

export const remainsBody = ({ namespaces, crds, users, events }: Remains) => ({
  namespaces: namespaces.map(namespaceBody),
  crds: crds.map(crdBody),
  usedByOthers: usersBody(users),
  events,
});
