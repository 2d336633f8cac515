/** Asks the server what it would make of what a workload is asked to be. */
import { Clock, Duration, Effect, Result } from "effect";
import { refOf } from "../../../domain/kube/objects.ts";
import { restorableType } from "../../../domain/release/restorable.ts";
import {
  answerTo,
  openQuestions,
  patchFor,
  type Question,
} from "../../../domain/rollout/questions.ts";
import type { RolloutView } from "../../../domain/rollout/view.ts";
import { Kubectl, type KubectlErrorReason } from "../../kube/Kubectl.ts";
import type { Changes } from "./changes.ts";

/** A controller that has just been given new settings is about to answer itself. */
const ASK_AFTER = Duration.seconds(3);

/** Asking again would be answered alike. */
const SAYS_NO: ReadonlySet<KubectlErrorReason> = new Set([
  "Forbidden",
  "NotServed",
  "Rejected",
  "Unauthorized",
]);

export interface Answers {
  readonly given: ReadonlyMap<string, unknown>;
  /** The server's words, where it would not have it. */
  readonly refused: ReadonlyMap<string, string>;
  /** Asks what has been open for long enough; returns when something is to be asked next, in Clock milliseconds. */
  readonly ask: (view: RolloutView) => Effect.Effect<number>;
}

/** No answer leaves the question as it was: what is asked for is what is compared. */
export const makeAnswers = Effect.fnUntraced(function* (changes: Changes) {
  const kubectl = yield* Kubectl;
  const given = new Map<string, unknown>();
  const refused = new Map<string, string>();
  const openSince = new Map<string, number>();

  const ask = Effect.fnUntraced(function* (question: Question) {
    const { key, workload, asked } = question;
    const type = restorableType(workload);
    if (type === undefined) return;
    const answer = yield* Effect.result(
      kubectl.patch(refOf(type, workload), patchFor(question), {
        fieldManager: "tare",
        dryRun: true,
      }),
    );
    if (Result.isFailure(answer) && !SAYS_NO.has(answer.failure.reason)) {
      openSince.set(key, yield* Clock.currentTimeMillis);
      return;
    }
    if (Result.isFailure(answer) && answer.failure.reason === "Rejected") {
      refused.set(key, answer.failure.detail);
    }
    given.set(key, Result.isSuccess(answer) ? answerTo(question, answer.success) : asked);
    changes.note();
  });

  const answers: Answers = {
    given,
    refused,
    ask: Effect.fnUntraced(function* (view) {
      const open = openQuestions(view);
      const now = yield* Clock.currentTimeMillis;
      for (const { key } of open) if (!openSince.has(key)) openSince.set(key, now);
      for (const key of openSince.keys()) {
        if (!open.some((one) => one.key === key)) openSince.delete(key);
      }
      const dueAt = ({ key }: Question) =>
        (openSince.get(key) ?? now) + Duration.toMillis(ASK_AFTER);
      yield* Effect.forEach(
        open.filter((one) => dueAt(one) <= now),
        ask,
        { concurrency: "unbounded", discard: true },
      );
      return Math.min(
        ...open.filter(({ key }) => !given.has(key)).map((one) => Math.max(dueAt(one), now + 1)),
      );
    }),
  };
  return answers;
});
