/** What Helm needs before it runs and must not have in its values: namespaces, the pull secret, the identity. */
import { Effect, Option } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { identitySecret } from "../../domain/identity/identity-secret.ts";
import {
  hasNoLevel,
  namespaceToApply,
  podsThatWouldBreak,
  withLevel,
} from "../../domain/install/namespaces.ts";
import { type PullSecret, pullSecretObject } from "../../domain/install/pull-secret.ts";
import {
  fieldAt,
  type KubeObject,
  Namespace,
  Pod,
  refOf,
  Secret,
} from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { RunSuperseded } from "../../errors.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import { unavailable } from "../kube/unavailable.ts";

export const AS_TARE = { fieldManager: "tare", force: false };
export const OURS = { fieldManager: "tare", force: true };

/** An account of one namespace cannot read it, and need not: an administrator made it for that account. */
const readNamespace = Effect.fnUntraced(function* (name: string) {
  const kubectl = yield* Kubectl;
  return yield* kubectl.get({ type: Namespace, name }).pipe(
    Effect.map(Option.getOrUndefined),
    Effect.map((live) => ({ live, isReadable: true })),
    Effect.catchIf(
      ({ reason }) => reason === "Forbidden",
      () => Effect.succeed({ live: undefined, isReadable: false }),
    ),
  );
});

/** Where pods of others run no level is set, which could keep them from coming up again; what it would do is told. */
const tellOfLevel = Effect.fnUntraced(function* (name: string) {
  const kubectl = yield* Kubectl;
  const warnings = yield* Effect.option(
    kubectl.warningsOf(Namespace, withLevel(name), { fieldManager: "tare", force: false }),
  );
  if (Option.isNone(warnings)) return;
  const pods = podsThatWouldBreak(warnings.value);
  yield* warn({ code: "namespace-without-level", namespace: name, pods });
});

export interface NamespaceAsked {
  readonly name: string;
  /** The release that the run is about. */
  readonly madeFor: ReleaseRef;
  /** It has the namespace among its objects. */
  readonly isOwned?: boolean;
  /** Nothing is installed yet; later on its namespaces are as their owners want them. */
  readonly isFirst: boolean;
}

/** What is to be applied, and whether anything is there; nothing where it stays as it is. */
export const wantedNamespace = Effect.fnUntraced(function* ({
  name,
  madeFor,
  isOwned = false,
  isFirst,
}: NamespaceAsked) {
  const kubectl = yield* Kubectl;
  const { live, isReadable } = yield* readNamespace(name);
  if (!isReadable) return { wanted: undefined, isNew: false };
  const pods = live === undefined ? [] : yield* kubectl.list({ type: Pod, namespace: name });
  if (live !== undefined && isFirst && pods.length > 0 && hasNoLevel(live)) {
    yield* tellOfLevel(name);
  }
  const wanted = namespaceToApply({
    ...{ name, madeFor, live, isInUse: pods.length > 0 },
    ownedBy: isOwned ? madeFor : undefined,
  });
  return { wanted, isNew: live === undefined };
});

export const prepareNamespace = Effect.fnUntraced(function* (asked: NamespaceAsked) {
  const kubectl = yield* Kubectl;
  const { name } = asked;
  yield* Effect.gen(function* () {
    const { wanted, isNew } = yield* wantedNamespace(asked);
    if (wanted === undefined) return;
    yield* kubectl.apply(Namespace, wanted, AS_TARE);
    yield* report({ _tag: "NamespacePrepared", namespace: name, isNew });
  }).pipe(Effect.mapError(unavailable(`prepare namespace ${name}`)));
});

interface WrittenSecret {
  readonly wanted: KubeObject;
  readonly before: KubeObject | undefined;
}

export const sameData = (left: KubeObject | undefined, right: KubeObject): boolean =>
  left !== undefined &&
  JSON.stringify(fieldAt(left, "data")) === JSON.stringify(fieldAt(right, "data"));

const mayWrite = (lock: HeldLock) =>
  Effect.mapError(lock.check, ({ detail }) => new RunSuperseded({ detail }));

const writeSecret = Effect.fnUntraced(function* (wanted: KubeObject, lock: HeldLock) {
  const kubectl = yield* Kubectl;
  const { name, namespace = "" } = wanted.metadata;
  const failure = unavailable(`write Secret ${namespace}/${name}`);
  const found = yield* Effect.mapError(kubectl.get(refOf(Secret, wanted)), failure);
  const before = Option.getOrUndefined(found);
  if (sameData(before, wanted)) return [];
  yield* mayWrite(lock);
  yield* Effect.mapError(kubectl.apply(Secret, wanted, OURS), failure);
  yield* report({ _tag: "SecretWritten", namespace, name });
  return [{ wanted, before }] satisfies ReadonlyArray<WrittenSecret>;
});

/** As it was, where the run came to nothing. */
const takeBackSecret = Effect.fnUntraced(function* (
  { wanted, before }: WrittenSecret,
  lock: HeldLock,
): Effect.fn.Return<void, KubectlError | RunSuperseded, Kubectl> {
  const kubectl = yield* Kubectl;
  yield* mayWrite(lock);
  if (before === undefined) return yield* kubectl.delete(refOf(Secret, wanted));
  yield* kubectl.apply(Secret, { ...wanted, data: fieldAt(before, "data") }, OURS);
});

export interface PrepareInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly pullSecret: PullSecret | undefined;
  /** The data-plane namespace is one of the release's objects. */
  readonly ownsDataPlane: boolean;
  /** Nothing is installed yet. */
  readonly isFirst: boolean;
  readonly lock: HeldLock;
}

export const pullSecretsOf = ({
  options: { release, dataplaneNamespace },
  pullSecret,
}: Pick<PrepareInput, "options" | "pullSecret">): ReadonlyArray<KubeObject> =>
  pullSecret === undefined
    ? []
    : [...new Set([release.namespace, dataplaneNamespace])].map((namespace) =>
        pullSecretObject(pullSecret, namespace),
      );

const secretsOf = (input: PrepareInput): ReadonlyArray<KubeObject> => [
  identitySecret(input.identity, input.options.release.namespace),
  ...pullSecretsOf(input),
];

/** @returns what puts the secrets back */
export const prepare = {
  id: "namespaces",
  title: "Namespaces and secrets",
  run: Effect.fnUntraced(function* (input: PrepareInput) {
    const { options, lock, ownsDataPlane } = input;
    const { release, dataplaneNamespace } = options;
    yield* mayWrite(lock);
    yield* prepareNamespace({
      name: dataplaneNamespace,
      madeFor: release,
      isOwned: ownsDataPlane,
      isFirst: input.isFirst,
    });
    const written: Array<WrittenSecret> = [];
    const undo = Effect.suspend(() =>
      Effect.forEach(
        written,
        (secret) =>
          Effect.catch(takeBackSecret(secret, lock), ({ message }) =>
            warn({
              code: "secret-not-restored",
              secret: secret.wanted.metadata.name,
              cause: message,
            }),
          ),
        { discard: true },
      ),
    );
    yield* Effect.forEach(secretsOf(input), (wanted) =>
      Effect.map(writeSecret(wanted, lock), (done) => void written.push(...done)),
    ).pipe(Effect.onError(() => undo));
    return { undo };
  }),
};
