/** Finds the flags that reach nothing, by rendering the chart as if each had not been given. */
import { Effect, Option, Redacted } from "effect";
import { dotted, getPath } from "../../domain/kube/json.ts";
import { ConfigMap, stringAt } from "../../domain/kube/objects.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import {
  doingCommand,
  flagTrials,
  type GivenValues,
  type IdleFlag,
  INSTALL_ONLY,
  idleWarning,
  rendersAlike,
  unusedFlag,
} from "../../domain/values/idle-flags.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { OperatorShell } from "../../services/report/OperatorShell.ts";
import { warn } from "../../services/report/Reporter.ts";
import { showKubectl } from "../../words/hints/commands.ts";
import { type Rendering, templateRequest } from "../checks/release-facts.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

const RENDERINGS_AT_ONCE = 2;

/** The flag or file of this run that gave the value, if one did. */
const askedBy = ({ values }: UpgradeOptions, { carry }: InstalledRelease): string | undefined => {
  const { path } = INSTALL_ONLY;
  const byFlag = carry.entries.some(
    (entry) => entry.source === "flag" && dotted(entry.path) === dotted(path),
  );
  if (byFlag) return "--serve-url";
  return getPath(Redacted.value(values), path) === undefined ? undefined : dotted(path);
};

const readConfig = Effect.fnUntraced(function* ({ release }: InstalledRelease) {
  const kubectl = yield* Kubectl;
  const { namespace } = release;
  const found = yield* Effect.option(
    kubectl.get({ type: ConfigMap, name: INSTALL_ONLY.configMap, namespace }),
  );
  return Option.flatten(found);
});

/** As a hook of the installation it is none of the release's objects. */
const isOfRelease = (rendering: Rendering): boolean =>
  Redacted.value(rendering.release).objects.some(
    ({ kind, metadata }) => kind === ConfigMap.kind && metadata.name === INSTALL_ONLY.configMap,
  );

/** The chart leaves the ConfigMap alone once it is there, whatever it renders to. */
const idleAtInstall = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  installed: InstalledRelease,
  rendering: Rendering,
) {
  if (isOfRelease(rendering)) return undefined;
  const given = askedBy(options, installed);
  const asked = getPath(Redacted.value(installed.values), INSTALL_ONLY.path);
  if (given === undefined || typeof asked !== "string") return undefined;
  const config = yield* readConfig(installed);
  if (Option.isNone(config)) return undefined;
  const live = stringAt(config.value, "data", INSTALL_ONLY.key);
  return live === asked
    ? undefined
    : ({ _tag: "InstallOnly", given, live, asked } satisfies IdleFlag);
});

const unused = Effect.fnUntraced(function* (installed: InstalledRelease, rendering: Rendering) {
  const helm = yield* Helm;
  const next = Redacted.value(installed.values);
  const given: GivenValues = {
    carry: installed.carry,
    stored: Redacted.value(installed.stored),
    next,
    defaults: installed.chart.defaults,
  };
  const trials = flagTrials(given).filter(
    ({ path }) => isOfRelease(rendering) || dotted(path) !== dotted(INSTALL_ONLY.path),
  );
  if (trials.length === 0) return [];
  const answers = rendering.withoutServer === undefined ? "server" : "none";
  const request = yield* templateRequest(installed);
  const base = Redacted.value(rendering.release);
  const render = (values: InstalledRelease["values"]) =>
    Effect.map(helm.render({ ...request, values }, answers), Redacted.value);
  const again = answers === "server" ? base : yield* render(installed.values);
  const found = yield* Effect.forEach(
    trials,
    (trial) =>
      Effect.map(render(trial.values), (other) =>
        rendersAlike(base, other, again) ? [unusedFlag(trial, next)] : [],
      ).pipe(
        // Values without the flag might not render; then the flag does something.
        Effect.orElseSucceed((): ReadonlyArray<IdleFlag> => []),
      ),
    { concurrency: RENDERINGS_AT_ONCE },
  );
  return found.flat();
});

/** It never fails: what cannot be found out is not said. */
export const findIdleFlags = Effect.fn("tare.read.idle-flags")(function* (
  options: UpgradeOptions,
  installed: InstalledRelease,
  rendering: Rendering,
) {
  const [atInstall, others] = yield* Effect.all(
    [
      idleAtInstall(options, installed, rendering),
      Effect.orElseSucceed(unused(installed, rendering), (): ReadonlyArray<IdleFlag> => []),
    ],
    { concurrency: "unbounded" },
  );
  const found: ReadonlyArray<IdleFlag> = [
    ...(atInstall === undefined ? [] : [atInstall]),
    ...others,
  ];
  return found;
});

export const warnOfIdleFlags = Effect.fnUntraced(function* (
  found: ReadonlyArray<IdleFlag>,
  { release }: InstalledRelease,
) {
  if (found.length === 0) return;
  const env = yield* yield* OperatorShell;
  yield* Effect.forEach(
    found,
    (idle) => {
      const command = doingCommand(idle, release);
      const words = command === undefined ? undefined : showKubectl(env, command);
      return warn(idleWarning(idle, words));
    },
    { discard: true },
  );
});
