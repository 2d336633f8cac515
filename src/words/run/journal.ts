/** What is known of a run that cannot speak for itself any more. */
import {
  lastWrote,
  type RunRecord,
  type RunStep,
  whereabouts,
} from "../../domain/run/run-journal.ts";

/** Completes "it died while …". */
const DOING: Readonly<Record<RunStep, string>> = {
  recovery: "it recovered the release",
  namespaces: "namespaces and secrets were written",
  crds: "the CRDs were written",
  "custom-resources": "the custom resources were deleted",
  finalizers: "finalizers were taken away",
  upgrade: "the upgrade was prepared",
  "helm-upgrade": "helm upgrade was at work",
  gate: "the data plane was being verified",
  drain: "replaced proxies served their last streams",
  "helm-rollback": "helm rollback was at work",
  "helm-uninstall": "helm uninstall was at work",
  event: "the deployment history was written",
};

const second = (at: string): string => {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(at) ?? [];
  return day === undefined ? at : `${day} ${time} UTC`;
};

const where = (record: RunRecord): string => {
  const found = whereabouts(record);
  if (found === undefined) return "before it wrote anything";
  const doing = DOING[found.step];
  return found.phase === undefined ? `while ${doing}` : `in phase ${found.phase}, while ${doing}`;
};

const last = (record: RunRecord): string => `it last wrote at ${second(lastWrote(record))}`;

/** An installation comes from none. */
const versions = (from: string, to: string): string => (from === to ? to : `${from} → ${to}`);

const whose = ({ process: { user, host, pid }, fromVersion, toVersion }: RunRecord): string =>
  `by ${user} on ${host} (process ${pid}, ${versions(fromVersion, toVersion)})`;

/** `a run by alice on build-1 (process 4711, 1.1.0 → 1.2.0) died in phase 5, while helm upgrade was at work; …`. */
export const obituary = (record: RunRecord): string =>
  `a run ${whose(record)} died ${where(record)}; ${last(record)}`;

const FATES = {
  running: "it is still running on this machine",
  gone: "its process is gone",
  unknown: "this machine cannot see whether it still runs",
};

/** The same of a run that may still be alive. */
export const lastWords = (record: RunRecord, fate: keyof typeof FATES): string =>
  `the last run was ${whose(record)}, ${where(record)}; ${last(record)}; ${FATES[fate]}`;
