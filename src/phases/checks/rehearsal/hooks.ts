/** The hooks of the chart, which Helm deletes and creates again: the server's answer to the new ones. */
import { Effect, Option, Result } from "effect";
import type { TypeOf } from "../../../domain/access/helm-access.ts";
import { isAdmissionRefusal, isUnrehearsable } from "../../../domain/checks/admission-refusal.ts";
import type { PodsToCome } from "../../../domain/checks/pod-rehearsal.ts";
import { HELM_MANAGER } from "../../../domain/fields/field-owners.ts";
import {
  fieldAt,
  Job,
  type KubeObject,
  type ResourceType,
  refOf,
} from "../../../domain/kube/objects.ts";
import { Kubectl } from "../../../services/kube/Kubectl.ts";
import type { RefusedObject } from "./rehearsed-objects.ts";

/** Those that an upgrade or its rollback runs. */
const RUN_NOW = /(?:pre|post)-(?:upgrade|rollback)/;

const hookOf = ({ metadata }: KubeObject): string => metadata.annotations?.["helm.sh/hook"] ?? "";

const isRunNow = (hook: KubeObject): boolean => RUN_NOW.test(hookOf(hook));

/** Nothing of the release has been given up by then. */
const RUN_FIRST = /pre-upgrade/;

const LONGEST_NAME = 52;

/** What is there under the name goes first, so that the new one is judged under another. */
const renamed = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    name: `${object.metadata.name.slice(0, LONGEST_NAME)}-rehearsal`,
  },
});

const podsOf = (object: KubeObject, applied: KubeObject): ReadonlyArray<PodsToCome> => {
  const { namespace } = object.metadata;
  return object.kind === Job.kind && namespace !== undefined
    ? [
        {
          workload: object,
          namespace,
          template: fieldAt(applied, "spec", "template"),
          comeFirst: RUN_FIRST.test(hookOf(object)),
        },
      ]
    : [];
};

const NOTHING: {
  readonly refused: ReadonlyArray<RefusedObject>;
  readonly pods: ReadonlyArray<PodsToCome>;
} = { refused: [], pods: [] };

const rehearseHook = Effect.fnUntraced(function* (
  hook: KubeObject,
  type: ResourceType,
  redact: (text: string) => string,
) {
  const kubectl = yield* Kubectl;
  const ref = refOf(type, hook);
  const isThere = Option.isSome(
    yield* Effect.orElseSucceed(kubectl.get(ref), Option.none<KubeObject>),
  );
  const tried = yield* Effect.result(
    kubectl.apply(type, isThere ? renamed(hook) : hook, {
      fieldManager: HELM_MANAGER,
      force: true,
      dryRun: true,
    }),
  );
  if (Result.isSuccess(tried)) return { ...NOTHING, pods: podsOf(hook, tried.success) };
  const { reason, detail } = tried.failure;
  const isClusters = isAdmissionRefusal(detail);
  // The old one's place is free by then.
  const hasRoomThen = isThere && /exceeded quota/.test(detail);
  const isRefused = (reason === "Rejected" || isClusters) && !isUnrehearsable(detail);
  return isRefused && !hasRoomThen
    ? { ...NOTHING, refused: [{ ref, detail: redact(detail), isClusters }] }
    : NOTHING;
});

/** A kind that is not served is Helm's to refuse; what cannot be asked is left to it as well. */
export const rehearseHooks = Effect.fn("tare.plan.hooks")(function* (
  hooks: ReadonlyArray<KubeObject>,
  typeOf: TypeOf,
  redact: (text: string) => string,
) {
  const found = yield* Effect.forEach(
    hooks.filter(isRunNow),
    (hook) => {
      const type = typeOf(hook);
      return type === undefined ? Effect.succeed(NOTHING) : rehearseHook(hook, type, redact);
    },
    { concurrency: "unbounded" },
  );
  return {
    refused: found.flatMap(({ refused }) => refused),
    pods: found.flatMap(({ pods }) => pods),
  };
});
