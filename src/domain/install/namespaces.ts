/** The namespaces of a release, as they are before Helm runs. */
import type { KubeObject } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";

const ENFORCE = "pod-security.kubernetes.io/enforce";

/** On a namespace that `tare install` made, for which release: `tare uninstall` deletes no other. */
export const MADE_FOR = "tars.io/made-for";

/** What every pod of the release and of the data plane meets. */
const LEVEL = "baseline";

interface NamespaceWanted {
  readonly name: string;
  /** For which it is made, where it is not there. */
  readonly madeFor: ReleaseRef;
  /** As it is; `undefined` where it is not there. */
  readonly live: KubeObject | undefined;
  /** Something runs in it. */
  readonly isInUse: boolean;
  /** The release that has it among its objects: Helm takes over what is marked as its own, and nothing else. */
  readonly ownedBy: ReleaseRef | undefined;
}

/** Nothing says yet which pods may run in it. */
export const hasNoLevel = (live: KubeObject): boolean =>
  live.metadata.labels?.[ENFORCE] === undefined;

/** The level alone, to ask what it would do. */
export const withLevel = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { [ENFORCE]: LEVEL } },
});

/** Of the server's warnings those that name a pod, and what it has that the level does not let in. */
export const podsThatWouldBreak = (warnings: ReadonlyArray<string>): ReadonlyArray<string> => {
  const at = warnings.findIndex((text) => /^existing pods in namespace /.test(text));
  return at < 0 ? [] : warnings.slice(at + 1);
};

const marks = ({ name, namespace }: ReleaseRef) => ({
  labels: { "app.kubernetes.io/managed-by": "Helm" },
  annotations: { "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace },
});

/**
 * What is to be applied; nothing where the namespace stays as it is. A level of Pod Security that is set stays, higher or
 * lower, and where pods of others run none is set.
 */
export const namespaceToApply = ({
  name,
  madeFor,
  live,
  isInUse,
  ownedBy,
}: NamespaceWanted): KubeObject | undefined => {
  const labels = { [ENFORCE]: LEVEL };
  const made = { [MADE_FOR]: `${madeFor.namespace}/${madeFor.name}` };
  if (live === undefined) {
    const owned = ownedBy === undefined ? undefined : marks(ownedBy);
    return {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name,
        labels: { ...labels, ...owned?.labels },
        annotations: { ...made, ...owned?.annotations },
      },
    };
  }
  if (isInUse || !hasNoLevel(live)) return undefined;
  const wanted = withLevel(name);
  const wasMade = live.metadata.annotations?.[MADE_FOR];
  // What is applied without it would be taken away.
  return wasMade === undefined
    ? wanted
    : { ...wanted, metadata: { ...wanted.metadata, annotations: { [MADE_FOR]: wasMade } } };
};
