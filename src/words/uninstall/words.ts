/** What an uninstallation deletes, leaves and stumbles over, in words. */
import { type ObjectRef, showRef } from "../../domain/kube/objects.ts";
import type { CrdReason } from "../../domain/uninstall/crds.ts";
import type { StayReason } from "../../domain/uninstall/namespaces.ts";
import type { Held, UninstallTrouble } from "../../domain/uninstall/outcome.ts";
import type { User } from "../../domain/uninstall/users.ts";

const MOST = 5;

/** The first few, and how many more there are. */
const few = (names: ReadonlyArray<string>): string =>
  names.length <= MOST
    ? names.join(", ")
    : `${names.slice(0, MOST).join(", ")} and ${names.length - MOST} more`;

export const describeObjects = (objects: ReadonlyArray<ObjectRef>): string =>
  few(objects.map(showRef));

export const describeUser = ({ object, why }: User): string => {
  const what = showRef(object);
  switch (why._tag) {
    case "InNamespace":
      return `${what} was made by others in ${why.namespace}`;
    case "OfClass":
      return `${what} was made by others, of GatewayClass ${why.gatewayClass}`;
    case "Through":
      return `${what} was made by others, and goes through Gateway ${why.gateway}`;
    case "OfController":
      return `${what} was made by others, for the controller of this release (${why.controller})`;
  }
};

export const describeNamespaceStays = (why: StayReason): string => {
  switch (why._tag) {
    case "Asked":
      return "--keep-namespaces";
    case "NotOurs":
      return "neither tare nor the chart made it";
    case "Foreign":
      return `others have something in it: ${describeObjects(why.objects)}`;
    case "EventsWait":
      return `${why.count} ${why.count === 1 ? "event waits" : "events wait"} in it for the management plane`;
  }
};

export const describeCrdStays = (why: CrdReason): string => {
  switch (why._tag) {
    case "Asked":
      return "--keep-crds";
    case "Shared":
      return "of the Gateway API, which others may use (--delete-shared-crds)";
    case "NotOurs":
      return why.by === undefined ? "not written by tare" : `also written by ${why.by}`;
    case "Platform":
      return `kept by ${why.platform}`;
    case "Objects":
      return `in use: ${describeObjects(why.objects)}`;
    case "Classes":
      return `used by GatewayClass ${few(why.names)}`;
    case "Releases":
      return `used by release ${few(why.releases.map(({ namespace, name }) => `${namespace}/${name}`))}`;
  }
};

export const describeHeld = ({ object, finalizers }: Held): string =>
  finalizers.length === 0
    ? showRef(object)
    : `${showRef(object)} (held by ${finalizers.join(", ")})`;

/** A line each. */
export const describeUninstallTrouble = (trouble: UninstallTrouble): ReadonlyArray<string> => {
  switch (trouble._tag) {
    case "Helm":
      return [trouble.text === "" ? "helm uninstall was ended by a signal" : trouble.text];
    case "RecordsLeft":
      return [`Helm still has ${trouble.count} records of it`];
    case "ObjectsLeft":
      return [`still there: ${few(trouble.objects.map(describeHeld))}`];
    case "ControllersLeft":
      return [
        `its controllers may still be running, so no finalizer was removed: ${describeObjects(trouble.pods)}`,
      ];
    case "Said":
      return [trouble.text];
  }
};
