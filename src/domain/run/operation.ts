/** What can be done with a release, as a value: known to journal, event, hints and texts. */

export interface Operation {
  /** What follows `tare` on the command line. */
  readonly command: string;
  /** In a sentence that says what is to be run again. */
  readonly noun: string;
}

/** It writes, and so it has a journal, and events. */
export interface WritingOperation extends Operation {
  /** What an event says of it, and the journal. */
  readonly event: "install" | "upgrade" | "uninstall";
  /** Ids of its phases, in the order in which they are numbered. */
  readonly phases: ReadonlyArray<string>;
  /** In the journal, of a run that came to its end. */
  readonly done: string;
}

export const UPGRADE: WritingOperation = {
  command: "upgrade",
  noun: "the upgrade",
  event: "upgrade",
  phases: ["preflight", "discover", "ha-preflight", "apply-crds", "helm-upgrade"],
  done: "Upgraded",
};

export const INSTALL: WritingOperation = {
  command: "install",
  noun: "the installation",
  event: "install",
  phases: ["preflight", "configure", "namespaces", "apply-crds", "helm-install"],
  done: "Installed",
};

export const UNINSTALL: WritingOperation = {
  command: "uninstall",
  noun: "the uninstallation",
  event: "uninstall",
  phases: [
    "uninstall-preflight",
    "custom-resources",
    "helm-uninstall",
    "delete-namespaces",
    "finalizers",
    "delete-crds",
  ],
  done: "Uninstalled",
};

export const HISTORY: Operation = { command: "history", noun: "it" };

export const IMAGES: Operation = { command: "images", noun: "it" };

export const DOCTOR: Operation = { command: "doctor", noun: "it" };

/** Those with a journal; runs that named none were upgrades. */
const JOURNALED: ReadonlyArray<WritingOperation> = [UPGRADE, INSTALL, UNINSTALL];

/** @param event as the journal has it; of a version that can do more than this one, it is taken for an upgrade */
export const journaledOperation = (event: string | undefined): WritingOperation =>
  JOURNALED.find((operation) => operation.event === event) ?? UPGRADE;

/** From 1; `undefined` for phases of other operations. */
export const phaseNumber = (
  { phases }: WritingOperation,
  ids: ReadonlyArray<string>,
): number | undefined => {
  const index = phases.findIndex((id) => ids.includes(id));
  return index < 0 ? undefined : index + 1;
};
