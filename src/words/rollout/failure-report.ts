/** The evidence of a failed rollout as a text for people. */
import type { Redacted } from "effect";
import { fieldAt, type KubeObject, listAt, numberAt, stringAt } from "../../domain/kube/objects.ts";
import type { WorkloadProgress } from "../../domain/rollout/progress.ts";
import type { FailureReport, PodEvidence } from "../../domain/rollout/trouble/failure-report.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { visible } from "../../domain/text/visible.ts";
import { describeRootCause } from "./trouble.ts";
import { describeWaiting } from "./waiting-for.ts";

const indent = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.map((line) => `  ${line}`);

const iso = (millis: number): string => new Date(millis).toISOString();

const stateText = (state: unknown): string => {
  const [[kind, details] = ["unknown", undefined]] = Object.entries((state ?? {}) as object);
  const code = numberAt(details, "exitCode");
  return [
    kind,
    stringAt(details, "reason"),
    code === undefined ? undefined : `exit code ${code}`,
    stringAt(details, "message"),
  ]
    .filter((text) => text !== undefined)
    .join(", ");
};

const containerLines = (status: unknown): ReadonlyArray<string> => {
  const last = fieldAt(status, "lastState");
  const hasLast = Object.keys((last ?? {}) as object).length > 0;
  return [
    `container ${stringAt(status, "name")}: ${stateText(fieldAt(status, "state"))}`,
    ...indent([
      `image ${stringAt(status, "image")}, restarts ${numberAt(status, "restartCount") ?? 0}`,
      ...(hasLast ? [`before: ${stateText(last)}`] : []),
    ]),
  ];
};

const conditionLines = (pod: KubeObject): ReadonlyArray<string> =>
  listAt(pod, "status", "conditions")
    .filter((one) => stringAt(one, "status") !== "True")
    .map((one) => {
      const said = [stringAt(one, "reason"), stringAt(one, "message")].filter(Boolean).join(": ");
      return `not ${stringAt(one, "type")}: ${said}`;
    });

const eventLine = (event: KubeObject): string => {
  const at = stringAt(event, "lastTimestamp") ?? stringAt(event, "eventTime") ?? "";
  const count = numberAt(event, "count") ?? 1;
  const times = count > 1 ? ` (${count} times)` : "";
  return `${at} ${stringAt(event, "type")} ${stringAt(event, "reason")}${times}: ${stringAt(event, "message")}`;
};

const podLines = ({ pod, cause, events, logs, atMillis }: PodEvidence): ReadonlyArray<string> => {
  const node = stringAt(pod, "spec", "nodeName");
  const statuses = [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ];
  return [
    "",
    `pod ${pod.metadata.namespace}/${pod.metadata.name}, seen at ${iso(atMillis)}`,
    ...indent([
      describeRootCause(cause),
      `phase ${stringAt(pod, "status", "phase")}, ${node === undefined ? "on no node" : `on node ${node}`}`,
      ...conditionLines(pod),
      ...statuses.flatMap(containerLines),
      ...(events.length === 0 ? [] : ["events:", ...indent(events.map(eventLine))]),
      ...logs.flatMap(({ container, previous, text }) => [
        `log of ${container}${previous ? " before its last restart" : ""}:`,
        ...indent(text.trimEnd().split("\n")),
      ]),
    ]),
  ];
};

const workloadLine = ({ name, group, ready, desired, draining, waitingFor }: WorkloadProgress) =>
  `${name} (${group}): ${ready}/${desired} ready${draining === 0 ? "" : `, ${draining} draining`}${waitingFor === undefined ? "" : `, ${describeWaiting(waitingFor)}`}`;

/** @param secrets known to this run, masked wherever they turn up in what others wrote */
export const failureReportText = (
  { cause, release, atMillis, workloads, pods }: FailureReport,
  secrets: ReadonlyArray<Redacted.Redacted<string>>,
): string =>
  redactText(
    [
      `Failed rollout of release ${release}, ${iso(atMillis)}`,
      `Root cause: ${describeRootCause(cause)}`,
      "",
      "Workloads:",
      ...indent(workloads.map(workloadLine)),
      ...pods.flatMap(podLines),
      "",
    ]
      // Before and after: a secret must be found as it was written, and where it goes over several lines.
      .map((line) => visible(redactText(line, secrets)))
      .join("\n"),
    secrets,
  );
