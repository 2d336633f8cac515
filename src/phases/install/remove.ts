/** Takes a first installation away that did not come up, and makes sure that nothing of it is left. */
import { Clock, Data, Duration, Effect, Option } from "effect";
import type { RemovalTrouble } from "../../domain/install/removal.ts";
import {
  type KubeObject,
  Namespace,
  type ObjectRef,
  refOf,
  showRef,
} from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { redactText } from "../../domain/text/redaction.ts";
import type { UninstallTrouble } from "../../domain/uninstall/outcome.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { placed, typesFrom } from "../checks/release/object-types.ts";
import { readHistory, untilAnswered } from "../helm/attempt.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { deleteOwn } from "../uninstall/custom-resources.ts";
import { freeOwn } from "../uninstall/finalizers.ts";
import { readCustomResources, readTypes } from "../uninstall/inventory.ts";

const LOOK_EVERY = Duration.seconds(2);

/** Something of it is left. */
class NotRemoved extends Data.TaggedError("NotRemoved")<{ readonly why: RemovalTrouble }> {}

const isKept = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/resource-policy"] === "keep";

const notRemoved = ({ message }: { readonly message: string }) =>
  new NotRemoved({ why: { _tag: "Said", text: message } });

/** Those that are there now. A type that is not served has no objects. */
const present = Effect.fnUntraced(function* (refs: ReadonlyArray<ObjectRef>) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.forEach(
    refs,
    (ref) =>
      kubectl.get(ref).pipe(
        Effect.map((live) => (Option.isSome(live) ? [ref] : [])),
        Effect.catchIf(
          ({ reason }) => reason === "NotServed",
          () => Effect.succeed([]),
        ),
      ),
    { concurrency: 8 },
  );
  return found.flat();
});

/** Where objects are, by what the server serves by now. */
const refsOf = Effect.fnUntraced(function* (
  objects: ReadonlyArray<KubeObject>,
  { namespace }: ReleaseRef,
) {
  const kubectl = yield* Kubectl;
  const typeOf = typesFrom(yield* untilAnswered(kubectl.resources));
  return placed(objects, typeOf, namespace).flatMap((object) => {
    const type = typeOf(object);
    return type === undefined || isKept(object) || object.kind === Namespace.kind
      ? []
      : [refOf(type, object)];
  });
});

/** Which of these objects are there, and which are not. */
export const presentOf = Effect.fnUntraced(function* (
  objects: ReadonlyArray<KubeObject>,
  release: ReleaseRef,
) {
  const refs = yield* refsOf(objects, release);
  const there = new Set((yield* present(refs)).map(showRef));
  return {
    there: refs.filter((ref) => there.has(showRef(ref))),
    absent: refs.filter((ref) => !there.has(showRef(ref))),
  };
});

interface Removal {
  readonly installed: Pick<InstalledRelease, "release" | "secrets">;
  /** What the release consists of. */
  readonly objects: ReadonlyArray<KubeObject>;
  /** Objects of its hooks that were not there before: Helm leaves those behind. */
  readonly hookObjects: ReadonlyArray<ObjectRef>;
  readonly timeout: Duration.Duration;
  readonly dataplaneNamespace: string;
  readonly lock: HeldLock;
}

const placeOf = ({ installed: { release }, dataplaneNamespace, timeout }: Removal) => ({
  ...{ release, dataplaneNamespace, timeout },
});

const objectsOf = (trouble: UninstallTrouble): ReadonlyArray<ObjectRef> => {
  if (trouble._tag === "ControllersLeft") return trouble.pods;
  return trouble._tag === "ObjectsLeft" ? trouble.objects.map(({ object }) => object) : [];
};

/** Helm says that it is gone; its objects go in their own time. */
export const awaitGone = Effect.fnUntraced(function* (removal: Removal) {
  const { installed, objects, hookObjects, timeout, lock } = removal;
  const { release } = installed;
  const kubectl = yield* Kubectl;
  const history = yield* Effect.mapError(untilAnswered(readHistory(release)), notRemoved);
  if (history.length > 0) {
    return yield* new NotRemoved({ why: { _tag: "RecordsLeft", count: history.length } });
  }
  yield* Effect.mapError(
    Effect.forEach(hookObjects, (ref) => untilAnswered(kubectl.delete(ref)), { discard: true }),
    notRemoved,
  );
  const trouble = yield* Effect.mapError(freeOwn(placeOf(removal), lock), notRemoved);
  if (trouble !== undefined) {
    return yield* new NotRemoved({ why: { _tag: "ObjectsLeft", objects: objectsOf(trouble) } });
  }
  const refs = yield* Effect.mapError(refsOf(objects, release), notRemoved);
  const startedAt = yield* Clock.currentTimeMillis;
  while (true) {
    const left = yield* Effect.mapError(untilAnswered(present(refs)), notRemoved);
    if (left.length === 0) return;
    const waited = (yield* Clock.currentTimeMillis) - startedAt;
    if (waited >= Duration.toMillis(timeout)) {
      return yield* new NotRemoved({ why: { _tag: "ObjectsLeft", objects: left } });
    }
    yield* waitFor("removal-look", LOOK_EVERY);
  }
});

/** Custom resources first, while the controllers run that take their finalizers away. */
export const removeRelease = Effect.fn("tare.remove-release")(function* (removal: Removal) {
  const { release, secrets } = removal.installed;
  const helm = yield* Helm;
  const place = placeOf(removal);
  yield* Effect.flatMap(readTypes, readCustomResources).pipe(
    Effect.flatMap((found) => deleteOwn(found, place, removal.lock)),
    Effect.mapError(notRemoved),
  );
  const ended = yield* Effect.mapError(
    helm.uninstall({ release, timeout: removal.timeout, wait: false }),
    notRemoved,
  );
  if (ended.code !== 0) {
    const text = redactText(ended.errorText, secrets);
    return yield* new NotRemoved({
      why: text === "" ? { _tag: "HelmSignalled" } : { _tag: "Said", text },
    });
  }
  yield* awaitGone(removal);
});
