/** An installation that never worked keeps Helm from the next one: it goes first, if that is what the operator wants. */
import { Effect, Exit, Option, Redacted } from "effect";
import { presentInstallation } from "../../domain/helm/listed-last.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import {
  chartVersion,
  deployedRevision,
  lastGoodRevision,
  lastRevision,
  type Revision,
} from "../../domain/release/release.ts";
import { diedRemoving } from "../../domain/run/run-journal.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { RemovalFailed } from "../../errors.ts";
import { mayWrite } from "../../phases/helm/require-unchanged.ts";
import { removeRelease } from "../../phases/install/remove.ts";
import { unavailable } from "../../phases/kube/unavailable.ts";
import type { ReleaseFacts } from "../../phases/release/read-release.ts";
import { uncounted } from "../../pipeline.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { report } from "../../services/report/Reporter.ts";
import { Prompts } from "../../services/run/Prompts.ts";
import { describeHusk, describeRemovalTrouble } from "../../words/install/removal.ts";
import { openJournal, type UpgradeRun } from "../run/run.ts";
import { answerFurtherSignals } from "../run/second-signal.ts";
import { takeOwnership } from "../run/take-ownership.ts";
import { waitForHelm } from "../run/wait-for-helm.ts";
import { type FoundRelease, readAgain } from "../run/wait-for-others.ts";

/** Nothing of it ever worked, and Helm has it as neither deployed nor uninstalled. */
const huskOf = ({ history, unproven }: ReleaseFacts): Revision | undefined => {
  const last = lastRevision(history);
  if (last === undefined || last.status === "uninstalled") return undefined;
  if (deployedRevision(history) !== undefined) return undefined;
  const good = lastGoodRevision(presentInstallation(history), unproven);
  return good === undefined || last.status === "uninstalling" ? last : undefined;
};

const mayRemove = Effect.fnUntraced(function* (
  { release, recover }: Pick<InstallOptions, "release" | "recover">,
  { lastRun }: ReleaseFacts,
  { revision, status }: Revision,
) {
  // What a run was told to remove, or had to, and did not come to the end of.
  if (recover || (lastRun !== undefined && diedRemoving(lastRun))) return true;
  const prompts = yield* Prompts;
  const answer = yield* prompts.confirm({ _tag: "RemoveHusk", release, revision, status });
  return Option.getOrElse(answer, () => false);
});

/** Noted before the first object goes, so that a run that dies over it is followed by one that goes on. */
const noted = Effect.fnUntraced(function* <A, E, R>(
  run: UpgradeRun,
  { history }: ReleaseFacts,
  husk: Revision,
  removal: Effect.Effect<A, E, R>,
) {
  const version = chartVersion(husk);
  const versions = { fromVersion: version, toVersion: version };
  const journal = yield* openJournal(run, { history, ...versions });
  yield* answerFurtherSignals(run.options.release, journal);
  return yield* removal.pipe(
    journal.around("helm-uninstall"),
    Effect.onExit((exit) => journal.end(Exit.isSuccess(exit) ? "Removed" : "RemovalFailed")),
  );
}, Effect.scoped);

const remove = Effect.fnUntraced(function* (run: UpgradeRun, found: FoundRelease, husk: Revision) {
  const { options, identity } = run;
  const { release, timeout, dataplaneNamespace } = options;
  const ownership = found.ownership ?? (yield* takeOwnership(options));
  if (husk.status.startsWith("pending-")) {
    yield* Effect.mapError(waitForHelm(release, husk, ownership.dead, timeout), (error) =>
      error._tag === "OperationInProgress" ? error : unavailable("read the release")(error),
    );
  }
  const now = yield* readAgain(options);
  const still = huskOf(now);
  if (still === undefined) return { facts: now, ownership } satisfies FoundRelease;
  yield* mayWrite(ownership.lock);
  const helm = yield* Helm;
  const objects = yield* Effect.orElseSucceed(
    helm.manifest(release, still.revision),
    (): ReadonlyArray<KubeObject> => [],
  );
  const stored = now.stored === undefined ? {} : Redacted.value(now.stored);
  const secrets = [...storedSecrets(stored), identity.privateKey];
  const why = describeHusk(still);
  yield* report({ _tag: "RemovalStarted", release, why });
  const installed = { release, secrets };
  const removal = removeRelease({
    ...{ installed, objects, hookObjects: [], timeout, dataplaneNamespace },
    lock: ownership.lock,
  }).pipe(
    Effect.mapError(
      ({ why: trouble }) =>
        new RemovalFailed({
          release,
          dataplaneNamespace,
          failedRevision: still.revision,
          cause: why,
          missingImage: undefined,
          removalCause: describeRemovalTrouble(trouble),
        }),
    ),
  );
  yield* Effect.uninterruptible(noted(run, now, still, removal));
  return { facts: yield* readAgain(options), ownership } satisfies FoundRelease;
});

/** The release as it is once that is gone; as it was found where there is none, or where it is to stay. */
export const removeHusk = Effect.fn("tare.remove-husk")(function* (
  run: UpgradeRun,
  found: FoundRelease,
) {
  const husk = huskOf(found.facts);
  if (husk === undefined || !(yield* mayRemove(run.options, found.facts, husk))) return found;
  return yield* uncounted(remove(run, found, husk));
});
