import { Effect, Option, Redacted } from "effect";
import { IDENTITY_SECRET } from "../../domain/identity/identity-secret.ts";
import type { JsonObject } from "../../domain/kube/json.ts";
import { Deployment, EnvoyProxy, type KubeObject, Secret } from "../../domain/kube/objects.ts";
import { unprovenRevisions } from "../../domain/release/gate-record.ts";
import type { FlawedRecord } from "../../domain/release/record-flaw.ts";
import { deployedRevision, type History, type ReleaseRef } from "../../domain/release/release.ts";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { RunJournal } from "../../services/run/RunJournal.ts";

/** The release as it was found; nothing in it changes for the rest of the run. */
export interface ReleaseFacts {
  readonly history: History;
  /** Values of the deployed revision: the newest one may be a failed attempt. Absent when nothing is deployed. */
  readonly stored: Redacted.Redacted<JsonObject> | undefined;
  readonly secretUids: ReadonlyMap<number, string>;
  /** How many records Helm keeps of it. */
  readonly records: number;
  readonly flawed: ReadonlyArray<FlawedRecord>;
  readonly unproven: ReadonlySet<number>;
  /** Who upgraded last, as far as that was written down. */
  readonly lastRun: RunRecord | undefined;
  readonly context: string | undefined;
  readonly server: string;
  /** Secret `tars-identity` as it is; `undefined` where there is none or it cannot be read. */
  readonly identity: Redacted.Redacted<KubeObject> | undefined;
  /** What has replicas beside the release; nothing that cannot be read. */
  readonly scaled: ReadonlyArray<KubeObject>;
}

/** Not needed to go on, so a failure to read it is none of the run. */
export const readLiveIdentity = Effect.fnUntraced(function* (release: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.orElseSucceed(
    kubectl.get({ type: Secret, name: IDENTITY_SECRET, namespace: release.namespace }),
    Option.none<KubeObject>,
  );
  return Option.match(found, {
    onNone: () => undefined,
    onSome: (secret) => Redacted.make(secret, { label: IDENTITY_SECRET }),
  });
});

const readScaled = Effect.fnUntraced(function* ({ namespace }: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.forEach(
    [Deployment, EnvoyProxy],
    (type) =>
      Effect.orElseSucceed(kubectl.list({ type, namespace }), (): ReadonlyArray<KubeObject> => []),
    { concurrency: "unbounded" },
  );
  return found.flat();
});

export const readRelease = Effect.fn("tare.read.release")(function* (release: ReleaseRef) {
  const [helm, kubectl, records, journal] = yield* Effect.all([
    Helm,
    Kubectl,
    ReleaseRecords,
    RunJournal,
  ]);
  const historyAndValues = Effect.gen(function* () {
    const history = yield* helm.history(release);
    const deployed = deployedRevision(history);
    const { stored, flawed } = yield* Effect.all(
      {
        stored:
          deployed === undefined
            ? Effect.succeed(undefined)
            : helm.userValues(release, deployed.revision),
        flawed: records.flawed(release, history),
      },
      { concurrency: "unbounded" },
    );
    return { history, stored, flawed };
  });
  const [{ history, stored, flawed }, labels, gates, lastRun, target, identity, scaled] =
    yield* Effect.all(
      [
        historyAndValues,
        records.revisionLabels(release),
        records.gateRecords(release),
        journal.latest(release),
        kubectl.target,
        readLiveIdentity(release),
        readScaled(release),
      ],
      { concurrency: "unbounded" },
    );
  const secretUids = new Map(labels.map(({ revision, uid }) => [revision, uid]));
  const facts: ReleaseFacts = {
    history,
    records: labels.length,
    flawed,
    stored,
    secretUids,
    unproven: unprovenRevisions(gates, history, secretUids.values()),
    lastRun,
    context: target.context,
    server: target.server,
    identity,
    scaled,
  };
  return facts;
});
