/** What to ask the server, where a workload is not what it is asked to be: what it would make of it. */
import { isJsonObject, type JsonObject } from "../kube/json.ts";
import { fieldAt, type KubeObject } from "../kube/objects.ts";
import { merged } from "./baseline/asked-template.ts";
import { partOf, type Tree } from "./difference.ts";
import { askedOfProxy } from "./expectation.ts";
import { askedOfLimiter } from "./trouble/rate-limiter.ts";
import { questionOf, unexplained } from "./trouble/unexplained.ts";
import type { RolloutView, Workload } from "./view.ts";
import { isObserved } from "./workload-progress.ts";

export interface Question {
  readonly key: string;
  readonly workload: KubeObject;
  readonly asked: Tree;
}

export const askedOf = (view: RolloutView, { group, object }: Workload): Tree | undefined =>
  group === "data-plane"
    ? askedOfProxy(view, object)
    : group === "envoy-gateway"
      ? askedOfLimiter(view.controllerSettings, object)
      : undefined;

/** One for each workload that differs, once its controllers have seen it as it is. */
export const openQuestions = (view: RolloutView): ReadonlyArray<Question> =>
  view.workloads.flatMap((one) => {
    const { object: workload } = one;
    const asked = askedOf(view, one);
    if (asked === undefined || !isObserved(workload)) return [];
    const key = questionOf(workload, asked);
    const isAnswered = view.answers?.has(key) ?? false;
    return isAnswered || unexplained(view, workload, asked).length === 0
      ? []
      : [{ key, workload, asked }];
  });

/** A merge patch that asks for it: lists are given whole. */
export const patchFor = ({ workload, asked }: Question): JsonObject => {
  const spec = fieldAt(workload, "spec");
  const wanted = Object.fromEntries(
    Object.entries(asked).map(([field, value]) => [field, merged(fieldAt(spec, field), value)]),
  );
  return isJsonObject(wanted) ? { spec: wanted } : {};
};

/** The part of the server's answer that the question was about. */
export const answerTo = ({ asked }: Question, answer: KubeObject): unknown =>
  partOf(fieldAt(answer, "spec"), asked);
