/** What keeps pods from being ready. */
import { schedulingReason } from "../../domain/rollout/trouble/autoscaling.ts";
import type {
  EndedContainer,
  ToldTrouble,
  Trouble,
  TroubleKind,
} from "../../domain/rollout/trouble/pod-trouble.ts";
import type { RootCause } from "../../domain/rollout/verdict.ts";

/** After "container X" or "the pod". */
const SAYS: Readonly<Record<TroubleKind, string>> = {
  "invalid-image-name": "has an image name that no registry can serve",
  "image-not-found": "needs an image that does not exist",
  "bad-command": "has a command that cannot be run",
  "missing-config": "needs a ConfigMap or Secret that does not exist",
  "pull-denied": "is not allowed to pull its image",
  "crash-loop": "keeps crashing",
  unschedulable: "fits on no node",
  "awaiting-node": "waits for a node that an autoscaler adds",
  "quota-exceeded": "is more than the namespace's quota allows",
  "quota-unmet": "lacks what the namespace's quota asks for",
  "limit-range": "is against the namespace's LimitRange",
  "pod-security": "is refused by Pod Security",
  "security-context": "fits no SecurityContextConstraints",
  "policy-refused": "is refused by an admission policy",
  "admission-refused": "is refused by an admission webhook",
  "missing-account": "needs a ServiceAccount that does not exist",
  "missing-priority-class": "needs a PriorityClass that does not exist",
  "registry-trouble": "waits for its registry",
  "pull-failed": "cannot pull its image",
  "webhook-silent": "waits for an admission webhook that does not answer",
  "not-created": "cannot be made",
  evicted: "was evicted",
  crashed: "crashed",
  "not-ready": "runs but is not ready",
  "not-started": "has not started",
};

const endedText = ({ code, reason, message, restarts }: EndedContainer): string => {
  const why = reason === undefined || reason === "Error" ? "" : ` (${reason})`;
  const how =
    reason === "OOMKilled"
      ? "out of memory (OOMKilled)"
      : code === undefined
        ? undefined
        : `exit code ${code}${why}`;
  const text = [how, message].filter((part) => part !== undefined).join(": ");
  return restarts === undefined ? text : `${text}, restarted ${restarts} times`;
};

const detailOf = ({ detail, ended }: ToldTrouble): string =>
  ended === undefined ? detail : endedText(ended);

const nameSubject = ({ kind, namespace, name }: RootCause["subject"]): string =>
  kind === "Pod" ? `pod ${namespace}/${name}` : `a pod of ${kind} ${namespace}/${name}`;

const SHORT_ENOUGH = 120;
const FIRST_CAUSE_LENGTH = 200;
/** Schedulers and policies list several reasons. */
const LONGEST_REASON = 400;

/** The innermost cause of a chain of Go errors: what comes last after the wrapping. */
const innermost = (detail: string): string => {
  const [line = ""] = detail.trim().split("\n");
  if (line.length <= SHORT_ENOUGH) return line;
  const parts = line.split(/: (?=[a-z0-9"])/i);
  const tail = parts.slice(-2).join(": ");
  return (tail === "" ? line : tail).slice(0, FIRST_CAUSE_LENGTH);
};

/** What was said, as far as it is a reason. */
const reasonSaid = (trouble: Trouble): string => {
  const { kind, reason } = trouble;
  const detail = detailOf(trouble);
  if (detail === "") return reason;
  if (kind === "unschedulable" || kind === "awaiting-node") {
    return `${reason}: ${schedulingReason(detail).slice(0, LONGEST_REASON)}`;
  }
  // Who refuses a pod says why at the end, often lines below.
  if (reason === "FailedCreate") {
    return `${reason}: ${detail.replace(/\s+/g, " ").trim().slice(0, LONGEST_REASON)}`;
  }
  return `${reason}: ${innermost(detail)}`;
};

/** One line that names the pod, the image where it matters, and the reason. */
export const describeRootCause = ({ subject, trouble }: RootCause): string => {
  const { kind, container, image } = trouble;
  const named = nameSubject(subject);
  const who = container === undefined ? named : `${named}, container ${container}`;
  const what = image === undefined ? "" : ` (image ${image})`;
  return `${who}${what} ${SAYS[kind]}: ${reasonSaid(trouble)}`;
};

/** `ImagePullBackOff: Back-off pulling image` */
export const shortReason = (told: ToldTrouble): string => {
  const detail = detailOf(told);
  return detail === "" ? told.reason : `${told.reason}: ${detail.split("\n")[0]}`;
};
