/** An event as it lies in the cluster: one ConfigMap, whose labels say what it is about and whether it was delivered. */

import { type KubeObject, stringAt } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import {
  eventId,
  eventObjectName,
  INSTALL_EVENT_LABELS,
  type InstallEvent,
  OPERATIONS,
  type Operation,
} from "./install-event.ts";

export const DELIVERY_LABEL = "tars.io/delivery";
const RELEASE_LABEL = "tars.io/release";
const STARTED_AT = "tars.io/started-at";
const SETTLED_AT = "tars.io/settled-at";
const REASON = "tars.io/rejected-because";
/** UID of the Helm record that the event is about: tells so without the record being read, which can be a megabyte. */
const RECORD_UID = "tars.io/record-uid";
const DATA_KEY = "event.json";

export const DELIVERIES = ["pending", "forwarded", "rejected"] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** What an entry's metadata tell: enough to decide what to do with it. */
export interface OutboxEntry {
  readonly name: string;
  readonly namespace: string;
  /**
   * Its id, and the one that the UID of the record makes, which is also that of older writers; none of entries that are
   * not named as ours are.
   */
  readonly ids: ReadonlyArray<string>;
  /** Absent in entries that are not named as ours are. */
  readonly operation: Operation | undefined;
  readonly revision: number | undefined;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly delivery: Delivery;
  /** When it was forwarded or rejected. */
  readonly settledAt: string | undefined;
  readonly rejectedBecause: string | undefined;
}

/** Writing it again makes it pending again: what was delivered before can differ from what is in it now. */
export const eventConfigMap = (event: InstallEvent, recordUid?: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: eventObjectName(event),
    namespace: event.namespace,
    labels: {
      ...INSTALL_EVENT_LABELS,
      [RELEASE_LABEL]: event.release,
      "tars.io/operation": event.operation,
      "tars.io/status": event.status,
      [DELIVERY_LABEL]: "pending",
      ...(event.helm_revision === undefined
        ? {}
        : { "tars.io/helm-revision": String(event.helm_revision) }),
    },
    annotations: {
      [STARTED_AT]: event.started_at,
      ...(recordUid === undefined ? {} : { [RECORD_UID]: recordUid }),
    },
  },
  data: { [DATA_KEY]: JSON.stringify(event) },
});

export const eventText = (configMap: KubeObject): string =>
  stringAt(configMap, "data", DATA_KEY) ?? "";

const NAME = new RegExp(`^tare-event-(${OPERATIONS.join("|")})-([0-9a-f-]{36})$`);

/** Entries of older writers may say less of themselves; they are pending until they are settled. */
export const outboxEntry = ({ metadata }: KubeObject, release: ReleaseRef): OutboxEntry => {
  const { name, namespace = "", labels = {}, annotations = {}, creationTimestamp } = metadata;
  const delivery = DELIVERIES.find((known) => known === labels[DELIVERY_LABEL]) ?? "pending";
  const number = Number(labels["tars.io/helm-revision"]);
  const revision = Number.isInteger(number) && number > 0 ? number : undefined;
  const [, word, id] = NAME.exec(name) ?? [];
  const operation = OPERATIONS.find((known) => known === word);
  const recordUid = annotations[RECORD_UID];
  const byUid =
    operation === undefined || revision === undefined || recordUid === undefined
      ? undefined
      : eventId(release, { _tag: "Revision", revision, identity: recordUid }, operation);
  return {
    name,
    namespace,
    ids: [id, byUid].flatMap((one) => one ?? []),
    operation,
    revision,
    startedAt: annotations[STARTED_AT] ?? creationTimestamp ?? "",
    delivery,
    settledAt: annotations[SETTLED_AT],
    rejectedBecause: annotations[REASON],
  };
};

/** An entry that names no release could be of any, and no other doctor would send it. */
export const isOf =
  ({ name }: ReleaseRef) =>
  ({ metadata }: KubeObject): boolean =>
    (metadata.labels?.[RELEASE_LABEL] ?? name) === name;

export type Settled =
  | { readonly delivery: "forwarded" }
  | { readonly delivery: "rejected"; readonly reason: string };

export const settledConfigMap = (
  configMap: KubeObject,
  settled: Settled,
  at: string,
): KubeObject => ({
  ...configMap,
  metadata: {
    ...configMap.metadata,
    labels: { ...configMap.metadata.labels, [DELIVERY_LABEL]: settled.delivery },
    annotations: {
      ...configMap.metadata.annotations,
      [SETTLED_AT]: at,
      ...(settled.delivery === "rejected" ? { [REASON]: settled.reason } : {}),
    },
  },
});

export const adoptedConfigMap = (configMap: KubeObject, recordUid: string): KubeObject => ({
  ...configMap,
  metadata: {
    ...configMap.metadata,
    annotations: { ...configMap.metadata.annotations, [RECORD_UID]: recordUid },
  },
});

/**
 * The order of delivery: revisions that Helm still has in their order, and before them, by time, what is older (revisions
 * that were pruned or uninstalled) or of no revision.
 *
 * @param current the revisions that Helm still has, by the ids of the events about them
 */
export const inOrder = (
  entries: ReadonlyArray<OutboxEntry>,
  current: ReadonlyMap<string, number>,
): ReadonlyArray<OutboxEntry> => {
  const rank = ({ ids }: OutboxEntry): number =>
    Math.max(0, ...ids.map((id) => current.get(id) ?? 0));
  return [...entries].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      a.startedAt.localeCompare(b.startedAt) ||
      (a.revision ?? 0) - (b.revision ?? 0) ||
      a.name.localeCompare(b.name),
  );
};

/**
 * Settled for longer than the retention. An event about a revision that Helm still has is kept: it is what tells that the
 * revision has been reported.
 */
export const isExpired = (
  { delivery, settledAt, ids }: OutboxEntry,
  current: ReadonlyMap<string, number>,
  nowMillis: number,
  retentionMillis: number,
): boolean =>
  delivery !== "pending" &&
  !ids.some((id) => current.has(id)) &&
  // One that does not say since when counts as settled long ago.
  !(Date.parse(settledAt ?? "") > nowMillis - retentionMillis);
