/** What an operator can do about a CRD that is not written. */
import {
  type CrdNames,
  type CrdRefusal,
  lookAt,
  type VersionUser,
} from "../../domain/crds/refusal.ts";
import { CHANNEL_ANNOTATION } from "../../domain/crds/verdict.ts";
import { resourceWord } from "../../domain/crds/view.ts";
import { type CommandLine, helm, kubectl } from "../../domain/hints/hint.ts";
import { LISTED } from "./objections.ts";

export interface Remedy {
  readonly title: string;
  readonly commands: ReadonlyArray<CommandLine>;
}

const remedy = (title: string, ...commands: ReadonlyArray<CommandLine>): Remedy => ({
  title,
  commands,
});

type Objection<Tag extends CrdRefusal["_tag"]> = Extract<CrdRefusal, { readonly _tag: Tag }>;

const LOOK = "Look at what is on the cluster:";

const inNamespace = (namespace: string | undefined): ReadonlyArray<string> =>
  namespace === undefined ? [] : ["-n", namespace];

const saveObjects = (live: CrdNames): CommandLine =>
  kubectl("get", resourceWord(live), "-A", "-o", "yaml");

const patch = (what: ReadonlyArray<string>, path: string, value: unknown): CommandLine =>
  kubectl("patch", ...what, "--type=json", "-p", JSON.stringify([{ op: "replace", path, value }]));

const forgetManagers = (...what: ReadonlyArray<string>): CommandLine =>
  patch(what, "/metadata/managedFields", [{}]);

const migrate = ({ live, migration }: Objection<"StoredVersionRemoved">): Remedy =>
  migration.length > 0
    ? remedy(
        `Store the ${live.kind} objects in another version first (kubectl replace complains when there are none: go on):`,
        ...migration,
      )
    : remedy(
        `The new CRD serves no version that the live one serves: save the ${live.kind} objects and upgrade by way of a release that has both:`,
        saveObjects(live),
      );

const moveAway = ({
  live,
  instead,
  objects,
  manifests,
}: Objection<"ServedVersionWithdrawn">): Remedy => {
  const forget = ({ name, namespace }: VersionUser): CommandLine =>
    forgetManagers(resourceWord(live, instead), name, ...inNamespace(namespace));
  const upgrade = manifests.length > 0 ? ", upgrade these releases with it" : "";
  const clean = objects.length > 0 ? ", then forget who wrote in the old version" : "";
  return remedy(
    `Move their manifests to ${live.group}/${instead}${upgrade}${clean}:`,
    ...manifests
      .slice(0, LISTED)
      .map(({ release }) => helm("get", "manifest", release.name, "-n", release.namespace)),
    ...objects.slice(0, LISTED).map(forget),
  );
};

const endConversion = ({ crd, after }: Objection<"ConversionMismatch">): Remedy =>
  after === "None"
    ? remedy(
        "If its webhook is gone permanently and one version is stored, end the conversion:",
        lookAt(crd),
        patch(["crd", crd], "/spec/conversion", { strategy: "None" }),
      )
    : remedy(LOOK, lookAt(crd));

const lookForOwner = ({ crd, conflicts }: Objection<"UnknownOwner">): Remedy =>
  remedy(
    `Find out who ${conflicts.map(({ manager }) => manager).join(", ")} is. If it no longer manages this CRD, remove its entries; else let it upgrade the CRD:`,
    kubectl("get", "crd", crd, "-o", "yaml", "--show-managed-fields"),
    forgetManagers("crd", crd),
  );

const readRule = ({ policy }: Objection<"AdmissionDenied">): Remedy =>
  remedy(
    "Read the rule that says no, and change it or have its owner make an exception:",
    policy === undefined
      ? kubectl("get", "validatingwebhookconfigurations,mutatingwebhookconfigurations")
      : kubectl("get", "validatingadmissionpolicy", policy, "-o", "yaml"),
  );

export const crdRemedy = (refusal: CrdRefusal): Remedy => {
  const { crd } = refusal;
  switch (refusal._tag) {
    case "StoredVersionRemoved":
      return migrate(refusal);
    case "ScopeOrKindChanged":
      return remedy(
        `Save its objects, then delete the CRD, which deletes every ${refusal.live.kind} too; the upgrade creates it again:`,
        kubectl("get", crd, "-A", "-o", "yaml"),
        kubectl("delete", "crd", crd),
      );
    case "ServedVersionWithdrawn":
      return moveAway(refusal);
    case "SchemaNarrowed":
      return remedy(
        `Change these ${refusal.live.kind} objects so that both schemas allow them:`,
        ...refusal.failing
          .slice(0, LISTED)
          .map(({ version, name, namespace }) =>
            kubectl("edit", resourceWord(refusal.live, version), name, ...inNamespace(namespace)),
          ),
      );
    case "ConversionMismatch":
      return endConversion(refusal);
    case "ChannelMismatch":
      return remedy(
        `If nothing uses what only the ${refusal.before} channel has, say that it is of the ${refusal.after} channel now:`,
        lookAt(crd),
        kubectl("annotate", "crd", crd, "--overwrite", `${CHANNEL_ANNOTATION}=${refusal.after}`),
      );
    case "NeededVersionMissing":
      return remedy(
        refusal.keptBy._tag === "Platform"
          ? `Have ${refusal.keptBy.platform} upgrade it, or end its management of it:`
          : "Use a tare that embeds a chart for that bundle, or look whether that version can be served again:",
        lookAt(crd),
      );
    case "UnknownOwner":
      return lookForOwner(refusal);
    case "Terminating":
      return remedy(
        "That cannot be undone: save its objects, see what holds them (metadata.finalizers), and upgrade once it is gone, which creates it again:",
        saveObjects(refusal.live),
        lookAt(crd),
      );
    case "AdmissionDenied":
      return readRule(refusal);
    case "FieldImmutable":
    case "ServerRefused":
      return remedy(LOOK, lookAt(crd));
  }
};
