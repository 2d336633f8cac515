/** How a Deployment replaces its pods, as its controller does: up by the surge, down by what is available. Pure. */

/** Only what decides; pods that are being deleted are not among them. */
export interface RolloutPod {
  readonly hash: string;
  readonly ready: boolean;
}

export interface Goal {
  readonly hash: string;
  readonly desired: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly recreate: boolean;
}

export type Step<P extends RolloutPod> =
  | { readonly _tag: "Add" }
  | { readonly _tag: "Remove"; readonly pod: P }
  /** Nothing to do until a pod changes. */
  | { readonly _tag: "Wait" };

const remove = <P extends RolloutPod>(pod: P): Step<P> => ({ _tag: "Remove", pod });

/** The next of the controller's steps, with what it left `leaving` under Recreate. */
export const nextStep = <P extends RolloutPod>(
  pods: ReadonlyArray<P>,
  goal: Goal,
  leaving: number,
): Step<P> => {
  const wanted = pods.filter(({ hash }) => hash === goal.hash);
  const others = pods.filter(({ hash }) => hash !== goal.hash);
  if (wanted.length > goal.desired) {
    return remove(wanted.findLast(({ ready }) => !ready) ?? (wanted.at(-1) as P));
  }
  if (goal.recreate) {
    const [old] = others;
    if (old !== undefined) return remove(old);
    return leaving === 0 && wanted.length < goal.desired ? { _tag: "Add" } : { _tag: "Wait" };
  }
  if (wanted.length < goal.desired && pods.length < goal.desired + goal.maxSurge) {
    return { _tag: "Add" };
  }
  const mustStay = goal.desired - goal.maxUnavailable;
  const unreadyNew = wanted.filter(({ ready }) => !ready).length;
  if (others.length === 0 || pods.length - mustStay - unreadyNew <= 0) return { _tag: "Wait" };
  const useless = others.find(({ ready }) => !ready);
  if (useless !== undefined) return remove(useless);
  const available = pods.filter(({ ready }) => ready).length;
  return available > mustStay ? remove(others[0] as P) : { _tag: "Wait" };
};
