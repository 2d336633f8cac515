/** Whether a namespace goes: it has to be the release's own, and nothing of others in it. */
import { MADE_FOR } from "../install/namespaces.ts";
import type { KubeObject, ObjectRef } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { isHelms } from "../release/unrecorded.ts";

export type NamespaceVerdict =
  | { readonly _tag: "Delete" }
  | { readonly _tag: "Absent" }
  /** It is being deleted already. */
  | { readonly _tag: "Going" }
  | { readonly _tag: "Stays"; readonly why: StayReason };

export type StayReason =
  /** `--keep-namespaces`. */
  | { readonly _tag: "Asked" }
  /** Neither tare nor the chart made it. */
  | { readonly _tag: "NotOurs" }
  | { readonly _tag: "Foreign"; readonly objects: ReadonlyArray<ObjectRef> }
  /** Events that the management plane has not taken. */
  | { readonly _tag: "EventsWait"; readonly count: number };

interface NamespaceFacts {
  /** `undefined` where there is none. */
  readonly live: KubeObject | undefined;
  readonly release: ReleaseRef;
  readonly foreign: ReadonlyArray<ObjectRef>;
  readonly waiting: number;
  readonly keep: boolean;
}

/** Made by `tare install`, or one of the release's own objects. */
const isMadeFor = (live: KubeObject, release: ReleaseRef): boolean =>
  isHelms(live, release) ||
  live.metadata.annotations?.[MADE_FOR] === `${release.namespace}/${release.name}`;

const stays = (why: StayReason): NamespaceVerdict => ({ _tag: "Stays", why });

export const namespaceVerdict = ({
  live,
  release,
  foreign,
  waiting,
  keep,
}: NamespaceFacts): NamespaceVerdict => {
  if (live === undefined) return { _tag: "Absent" };
  if (live.metadata.deletionTimestamp !== undefined) return { _tag: "Going" };
  if (keep) return stays({ _tag: "Asked" });
  if (!isMadeFor(live, release)) return stays({ _tag: "NotOurs" });
  if (foreign.length > 0) return stays({ _tag: "Foreign", objects: foreign });
  return waiting > 0 ? stays({ _tag: "EventsWait", count: waiting }) : { _tag: "Delete" };
};
