import { recordsIn } from "../facts.ts";
import type { Outcome, Run } from "../run.ts";
import { SEEDED } from "../world/histories.ts";
import { foundBy } from "./invariant.ts";

/**
 * The Helm of a killed run can roll back by itself to a revision that had failed (helm/helm#11435). That one is deployed
 * then, and nobody can tell that its values are not meant.
 */
export const isMisled = (run: Run, outcome: Outcome): boolean => {
  const found = recordsIn(foundBy(run, outcome));
  const { good } = SEEDED[outcome.story.world.history];
  const deployed = found.filter(({ info }) => info.status === "deployed").at(-1);
  const meant = found.find(({ version }) => version === good);
  return (
    run !== outcome.first &&
    /^Rollback to /.test(deployed?.info.description ?? "") &&
    deployed?.manifest !== meant?.manifest
  );
};
