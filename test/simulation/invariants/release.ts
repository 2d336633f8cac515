/** What becomes of the release. */
import { gateIn, historyText, notRunning, recordsIn } from "../facts.ts";
import type { Outcome, Run } from "../run.ts";
import { SEEDED } from "../world/histories.ts";
import {
  disturbsCalls,
  disturbsHelm,
  foundBy,
  helmCommands,
  type Invariant,
  isProxyEdit,
  ofEachRun,
  saidNoRoom,
  struck,
} from "./invariant.ts";

const deployedIn = (run: Run, when: "before" | "later") =>
  recordsIn(run[when]).filter(({ info }) => info.status === "deployed").length;

/** Where a failed upgrade has to end: nothing that is tested was asked. */
const goodRevisions = (outcome: Outcome, run: Run): ReadonlyArray<number> => {
  const { good } = SEEDED[outcome.story.world.history];
  const found = recordsIn(foundBy(run, outcome));
  if (run === outcome.next) {
    // What came before it left a good revision behind, or the same one.
    return found.filter(({ info }) => info.status === "deployed").map(({ version }) => version);
  }
  if (run === outcome.impatient) {
    // The Helm of the killed run may have rolled back by itself, to this one or to another.
    const manifest = found.find(({ version }) => version === good)?.manifest;
    return found
      .filter(
        (record) => record.manifest === manifest || gateIn(run.before, record.version) === "passed",
      )
      .map(({ version }) => version);
  }
  return good === undefined ? [] : [good];
};

/** But for old revisions, of which Helm makes room before it writes anything. */
const isUntouched = (run: Run): boolean =>
  recordsIn(run.after).length > 0 || recordsIn(run.before).length === 0
    ? historyText(recordsIn(run.before)).endsWith(historyText(recordsIn(run.after)))
    : false;

/** Where others changed the data plane on the way, it needs some time after the run. */
const settledStore = (run: Run) => (struck(run, isProxyEdit) ? run.later : run.after);

const notRestored = (run: Run, outcome: Outcome): string | undefined => {
  const good = goodRevisions(outcome, run);
  const wanted = recordsIn(foundBy(run, outcome)).filter(({ version }) => good.includes(version));
  const newest = recordsIn(run.after).at(-1);
  if (wanted.length === 0 || newest === undefined) return "there was nothing to go back to";
  const restored = wanted.find(({ manifest }) => manifest === newest.manifest);
  if (newest.info.status !== "deployed" || restored === undefined) {
    return `revision ${newest.version} (${newest.info.status}) is not what revision ${good.join(" or ")} was`;
  }
  const problems = notRunning(settledStore(run), restored);
  return problems.length === 0
    ? undefined
    : `revision ${restored.version} does not run: ${problems.join("; ")}`;
};

const exitZero = (run: Run, outcome: Outcome): string | undefined => {
  const { story } = outcome;
  const records = recordsIn(run.after);
  const newest = records.at(-1);
  const before = recordsIn(foundBy(run, outcome)).at(-1);
  if (newest === undefined || newest.version <= (before?.version ?? 0)) return "no new revision";
  if (newest.info.status !== "deployed") return `the newest revision is ${newest.info.status}`;
  if (newest.chart.metadata.version !== story.world.embeddedVersion) {
    return `chart ${newest.chart.metadata.version} is deployed`;
  }
  const problems = notRunning(settledStore(run), newest);
  return problems.length === 0 ? undefined : problems.join("; ");
};

/** Codes that promise that the release is as it was. */
const UNTOUCHED = new Set([2, 10, 11, 12, 13, 14, 15, 23]);

const promiseOf = (run: Run, outcome: Outcome): string | undefined => {
  const { code, error, interrupted } = run;
  if (code === undefined) return undefined;
  if (code === 0) return exitZero(run, outcome);
  if (code === 20) return notRestored(run, outcome);
  // Beside the impatient one, the Helm of the killed one may go on writing.
  if (UNTOUCHED.has(code) && run === outcome.impatient) return undefined;
  if (UNTOUCHED.has(code)) return isUntouched(run) ? undefined : "the history has changed";
  if (code === 130) {
    if (!interrupted) return "nobody interrupted it";
    return isUntouched(run) ? undefined : notRestored(run, outcome);
  }
  if (helmCommands(run, "upgrade").length === 0 && !struck(run, disturbsCalls("Helm.upgrade"))) {
    return `Helm was never started (${error?._tag})`;
  }
  if (code === 22) {
    return outcome.story.options.atomic ? "it was to be rolled back" : undefined;
  }
  return code === 21 ? undefined : "there is no such exit code";
};

const disturbsRecords = disturbsCalls(
  "Kubectl.apply",
  "Kubectl.get",
  "ReleaseRecords.gateRecords",
  "ReleaseRecords.recordGate",
  "ReleaseRecords.secretUids",
);

const VERDICTS: Readonly<Record<number, string>> = { 0: "passed", 20: "failed", 22: "failed" };

/** The verdict on the revision that the run attempted. */
const wrongVerdict = (run: Run, outcome: Outcome): string | undefined => {
  const wanted = VERDICTS[run.code ?? Number.NaN];
  const newest = recordsIn(foundBy(run, outcome)).at(-1)?.version ?? 0;
  const attempt = recordsIn(run.after).find(({ version }) => version > newest)?.version;
  const isExcused = struck(run, disturbsRecords) || saidNoRoom("gate-not-recorded")(run, outcome);
  if (wanted === undefined || attempt === undefined || isExcused) return undefined;
  const found = gateIn(run.after, attempt);
  return found === wanted ? undefined : `exit ${run.code}, but revision ${attempt} is ${found}`;
};

export const releaseInvariants: ReadonlyArray<Invariant> = [
  {
    name: "exit-code-tells-the-truth",
    what: "0: the new revision is deployed and all of it runs. 2, 10 to 15, 23: the history is as it was. 130: untouched or restored. 20 to 22: there was an attempt. Nothing else.",
    why: "Pipelines and people act on the code alone.",
    check: ofEachRun((run, outcome) => {
      const problem = promiseOf(run, outcome);
      return problem === undefined ? undefined : `exit ${run.code}, but ${problem}`;
    }),
  },
  {
    name: "rolled-back-means-restored",
    what: "After exit 20 the newest revision is deployed, holds what the last good revision held, and the live objects, the EnvoyProxy and the data plane run exactly that.",
    why: "The last good revision is seldom the previous one, and Helm's word covers its own objects at best.",
    check: ofEachRun((run, outcome) => (run.code === 20 ? notRestored(run, outcome) : undefined)),
  },
  {
    name: "one-deployed-revision",
    what: "Never two deployed revisions, unless Helm itself was kept from writing its records.",
    why: "With two of them, every later rollback and carry-over starts from a guess.",
    check: ofEachRun((run) => {
      const count = deployedIn(run, "later");
      const allowed = Math.max(1, deployedIn(run, "before"));
      return count > allowed && !struck(run, disturbsHelm) ? `${count} are deployed` : undefined;
    }),
  },
  {
    name: "rollback-by-number-to-the-last-good",
    what: "Whenever tare starts `helm rollback`, it names the last good revision; with --no-atomic it never does.",
    why: "Without a number Helm takes the previous revision, which may be one that failed.",
    check: ofEachRun((run, outcome) => {
      const rollbacks = helmCommands(run, "rollback");
      if (rollbacks.length === 0) return undefined;
      if (!outcome.story.options.atomic) return "it rolled back in spite of --no-atomic";
      const good = goodRevisions(outcome, run).map(String);
      const wrong = rollbacks.find(({ args }) => !good.includes(args[2] ?? ""));
      return wrong === undefined
        ? undefined
        : `helm ${wrong.args.join(" ")}, not to ${good.join(" or ")}`;
    }),
  },
  {
    name: "the-verdict-is-remembered",
    what: "The cluster remembers that the data plane of a revision passed (exit 0) or failed (20, 22).",
    why: "Helm calls a revision whose data plane never came up `superseded`; only the record keeps a later rollback from it.",
    check: ofEachRun(wrongVerdict),
  },
  {
    name: "no-write-without-the-lock",
    what: "At every write of tare's own, the release's Lease names this very process.",
    why: "Two runs that write at once leave a release that neither of them meant.",
    check: ofEachRun(({ unlockedWrites }) =>
      unlockedWrites.length === 0 ? undefined : unlockedWrites.join(", "),
    ),
  },
  {
    name: "helm-is-told-the-contract",
    what: "`helm upgrade` always with --install, --reset-values and --skip-crds, waiting, atomic as asked, values from a file and never through --set.",
    why: "Each of them, left out, loses values, CRDs, the rollback or a secret.",
    check: ofEachRun((run, { story }) => {
      for (const { args } of helmCommands(run, "upgrade")) {
        const text = args.join(" ");
        const missing = ["--install", "--reset-values", "--skip-crds", "--values", "--wait"].find(
          (flag) => !text.includes(flag),
        );
        if (missing !== undefined) return `${missing} is missing: helm ${text}`;
        if (/--set\b/.test(text)) return `helm ${text}`;
        const atomic = /--atomic|--rollback-on-failure/.test(text);
        if (atomic !== story.options.atomic) return `helm ${text}`;
      }
      return undefined;
    }),
  },
];
