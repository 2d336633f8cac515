/** What becomes of the CRDs. */
import { canonicalJson, type Json } from "../../../src/domain/kube/json.ts";
import { CustomResourceDefinition, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { listed, type Store } from "../../fakes/cluster/store.ts";
import { EMBEDDED_CRDS } from "../../fakes/index.ts";
import { crdsIn, isEstablished } from "../facts.ts";
import type { Outcome, Run } from "../run.ts";
import { helmCommands, type Invariant, ofEachRun } from "./invariant.ts";

const specText = (crd: KubeObject | undefined): string =>
  canonicalJson((crd?.spec ?? null) as Json);

const liveCrd = (store: Store, name: string) =>
  listed(store, CustomResourceDefinition, undefined).find(({ metadata }) => metadata.name === name);

/** A newer bundle of a platform is left alone. */
const isLeftAlone = ({ story }: Outcome, name: string): boolean =>
  story.world.crds === "newer-bundle" && name.startsWith("gateways.");

const missingFor = (store: Store, outcome: Outcome): string | undefined => {
  for (const crd of EMBEDDED_CRDS) {
    const { name } = crd.metadata;
    if (!isEstablished(store, name)) return `${name} is not established`;
    if (isLeftAlone(outcome, name)) continue;
    if (specText(liveCrd(store, name)) !== specText(crd)) return `${name} is not the new one`;
  }
  return undefined;
};

const changed = (run: Run): ReadonlyArray<string> => {
  const before = crdsIn(run.before);
  return [...crdsIn(run.after)].flatMap(([name, text]) =>
    before.get(name) === text ? [] : [name],
  );
};

/** Codes of runs that end before the first CRD would be written, or refuse to write any. */
const WRITES_NONE = new Set([2, 11, 12, 14]);

export const crdInvariants: ReadonlyArray<Invariant> = [
  {
    name: "refused-crds-write-nothing",
    what: "After exit 14, and after every refusal that comes before the CRDs, each CRD is exactly as it was.",
    why: "Half of a set of CRDs is worse than the old set.",
    check: ofEachRun((run) => {
      if (run.code === undefined || !WRITES_NONE.has(run.code)) return undefined;
      const names = changed(run);
      return names.length === 0 ? undefined : `exit ${run.code}, but ${names.join(", ")} changed`;
    }),
  },
  {
    name: "helm-only-on-complete-crds",
    what: "When Helm makes its first write, every CRD of the chart is on the cluster, established, and the chart's own.",
    why: "Controllers that meet CRDs of another version crash, or drop what they do not know.",
    check: ofEachRun((run, outcome) =>
      helmCommands(run, "upgrade").length === 0 || run.whenHelmStarted === undefined
        ? undefined
        : missingFor(run.whenHelmStarted, outcome),
    ),
  },
  {
    name: "crds-are-saved-before-they-change",
    what: "A CRD that was there and is another one now was saved before.",
    why: "A Helm rollback does not bring CRDs back.",
    check: (outcome) => {
      const before = crdsIn(outcome.first.before);
      const replaced = changed(outcome.first).filter((name) => before.has(name));
      return replaced.length === 0 || outcome.backups > 0
        ? undefined
        : `${replaced.join(", ")} changed, and nothing was saved`;
    },
  },
];
