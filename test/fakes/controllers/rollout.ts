/** How a Deployment replaces its pods: one more at a time, never one fewer. Pure; the controller supplies the time. */

export interface Pod {
  /** The template it was made from, as text. */
  readonly template: string;
  /** Infinity for one that never will be. */
  readonly readyAt: number;
}

export interface Goal {
  readonly template: string;
  readonly desired: number;
  readonly startupMillis: number;
}

export type Step =
  | { readonly _tag: "Changed"; readonly pods: ReadonlyArray<Pod> }
  | { readonly _tag: "WaitUntil"; readonly at: number }
  /** Nothing more will happen by itself. */
  | { readonly _tag: "Stuck" }
  | { readonly _tag: "Done" };

const MAX_SURGE = 1;

const isReady =
  (now: number) =>
  ({ readyAt }: Pod): boolean =>
    readyAt <= now;

export const nextStep = (pods: ReadonlyArray<Pod>, goal: Goal, now: number): Step => {
  const ready = isReady(now);
  const wanted = pods.filter(({ template }) => template === goal.template);
  const others = pods.filter(({ template }) => template !== goal.template);
  const without = (gone: Pod): Step => ({
    _tag: "Changed",
    pods: pods.filter((pod) => pod !== gone),
  });

  const useless = others.find((pod) => !ready(pod)) ?? wanted[goal.desired];
  if (useless !== undefined) return without(useless);
  const [old] = others;
  if (old !== undefined && pods.filter(ready).length > goal.desired) return without(old);
  if (wanted.length < goal.desired && pods.length < goal.desired + MAX_SURGE) {
    const pod: Pod = { template: goal.template, readyAt: now + goal.startupMillis };
    return { _tag: "Changed", pods: [...pods, pod] };
  }
  const pending = wanted.filter((pod) => !ready(pod));
  if (pending.length === 0) return { _tag: "Done" };
  const at = Math.min(...pending.map(({ readyAt }) => readyAt));
  return at === Number.POSITIVE_INFINITY ? { _tag: "Stuck" } : { _tag: "WaitUntil", at };
};

export const statusOf = (
  pods: ReadonlyArray<Pod>,
  goal: Goal,
  generation: number,
  now: number,
): object => {
  const ready = pods.filter(isReady(now)).length;
  return {
    observedGeneration: generation,
    replicas: pods.length,
    updatedReplicas: pods.filter(({ template }) => template === goal.template).length,
    readyReplicas: ready,
    availableReplicas: ready,
  };
};
