/** Proxies that are held: they keep their streams, and nothing of a hold outlives it. */
import { ConfigMap, fieldAt, Job, type KubeObject, Pod } from "../../../src/domain/kube/objects.ts";
import { listed, type Store } from "../../fakes/cluster/store.ts";
import type { Outcome, Run } from "../run.ts";
import { type Invariant, isProxyEdit, ofEachRun, runsOf, struck } from "./invariant.ts";

const isHeld = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.["tars.io/held"] !== undefined;

const isOutOfRotation = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["tars.io/handed-over-at"] !== undefined;

const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

const heldPods = (store: Store): ReadonlyArray<KubeObject> =>
  listed(store, Pod, undefined).filter((pod) => isHeld(pod) && !isLeaving(pod));

const guards = (store: Store): ReadonlyArray<string> =>
  listed(store, Job, undefined)
    .filter(({ metadata }) => metadata.labels?.["tars.io/hold-role"] === "guard")
    .map(({ metadata }) => metadata.name);

const ownerOf = (
  store: Store,
  { metadata: { ownerReferences = [] } }: KubeObject,
): KubeObject | undefined =>
  [ConfigMap, Job]
    .flatMap((type) => listed(store, type, undefined))
    .find(({ metadata }) => ownerReferences.some(({ uid }) => uid === metadata.uid));

/** The pod belongs to something that belongs to a Job which ends by itself. */
const hasAnEnd = (store: Store, pod: KubeObject): boolean => {
  const keeper = ownerOf(store, pod);
  const timer = keeper === undefined ? undefined : ownerOf(store, keeper);
  return typeof fieldAt(timer, "spec", "activeDeadlineSeconds") === "number";
};

const endless = ({ after, later }: Run): string | undefined => {
  for (const store of [after, later]) {
    const found = heldPods(store).find((pod) => isOutOfRotation(pod) && !hasAnEnd(store, pod));
    if (found !== undefined) return `nothing ends ${found.metadata.name}`;
  }
  return undefined;
};

/** Those that an earlier run could not let go of, of no consequence without its guard, are let go of by the next that holds any. */
const foundHeld = ({ before, reports }: Run): ReadonlySet<string> =>
  new Set(
    reports.some(({ _tag }) => _tag === "ProxiesHeld")
      ? []
      : heldPods(before).map(({ metadata }) => metadata.name),
  );

/** What a disturbed run could not take down ends by itself, which takes no longer than the wait for it. */
const leftovers = (run: Run): string | undefined => {
  if (run.how !== "ended") return undefined;
  const store = run.befallen.struck.size === 0 ? run.after : run.later;
  const inRotation =
    run.befallen.struck.size === 0 ? heldPods(store).filter((pod) => !isOutOfRotation(pod)) : [];
  const found = foundHeld(run);
  const left = [
    ...guards(store),
    ...inRotation.map(({ metadata }) => metadata.name).filter((name) => !found.has(name)),
  ];
  return left.length === 0 ? undefined : `${left.join(", ")} is left`;
};

const wasHeld = ({ reports }: Run): boolean =>
  reports.some(({ _tag }) => _tag === "ProxiesHeld") &&
  reports.some(({ _tag }) => _tag === "DrainLengthened");

const HOLD = /^apply Job \S+\/tare-hold-/;

/** Those of proxies that were on their way out before the hold began are not its to keep: nothing takes a deletion back. */
const droppedSinceHeld = ({ streams, endings, trace }: Outcome): number => {
  const heldAt = trace.find(({ what }) => HOLD.test(what))?.at ?? 0;
  return streams.filter(
    ({ pod, droppedAt }) =>
      droppedAt !== undefined && (endings.get(pod)?.since ?? Number.POSITIVE_INFINITY) >= heldAt,
  ).length;
};

const lostInHold = (outcome: Outcome): string | undefined => {
  const { story, first, impatient, next } = outcome;
  const runs = runsOf(outcome);
  const isQuiet = runs.every(({ befallen }) => befallen.struck.size === 0);
  if (!isQuiet || impatient !== undefined || next !== undefined || !wasHeld(first))
    return undefined;
  if (struck(first, isProxyEdit) || !story.options.ha) return undefined;
  if (story.world.streamSeconds >= story.options.drainSeconds) return undefined;
  const dropped = droppedSinceHeld(outcome);
  return dropped === 0 ? undefined : `${dropped} dropped`;
};

export const holdInvariants: ReadonlyArray<Invariant> = [
  {
    name: "held-streams-are-kept",
    what: "Where proxies that drain for less than was asked for are held, and nothing interferes, no stream that is shorter than what was asked for is dropped, replaced listeners or not.",
    why: "Running proxies keep the drain that they were started with: without the hold the flag would act in the next upgrade only.",
    check: lostInHold,
  },
  {
    name: "holds-end-with-their-run",
    what: "When a run has ended, no proxy in rotation is held any more and no guard is left; after one that was disturbed, the guard has ended by itself two minutes later.",
    why: "What is left would keep somebody else's rollout or scale-down from deleting proxies.",
    check: ofEachRun(leftovers),
  },
  {
    name: "held-proxies-have-an-end",
    what: "A proxy that is out of rotation always belongs to a Job with a deadline, even right after a kill.",
    why: "No ReplicaSet counts it any more, so that nobody else would ever delete it.",
    check: ofEachRun(endless),
  },
];
