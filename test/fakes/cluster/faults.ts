/** What can go wrong with a request to the API server, and for which requests it does. */
import { Duration, Effect } from "effect";
import { KubectlError, type KubectlErrorReason } from "../../../src/services/kube/Kubectl.ts";

export type Verb =
  | "target"
  | "version"
  | "review"
  | "get"
  | "list"
  | "watch"
  | "log"
  | "proxy"
  | "apply"
  | "create"
  | "replace"
  | "patch"
  | "delete";

export interface ApiRequest {
  /** Who asks: `tare`, `helm`, or a test's own name. */
  readonly actor: string;
  readonly verb: Verb;
  /** `""` where the request is about no type. */
  readonly kind: string;
  readonly name: string;
  readonly dryRun: boolean;
  /** As the live layer words it, e.g. `get ConfigMap tars-system/tars-config`. */
  readonly label: string;
}

export type Trouble =
  | {
      readonly _tag: "Fail";
      readonly reason: KubectlErrorReason;
      readonly detail: string;
      /** The server did what was asked, only its answer got lost. */
      readonly afterwards: boolean;
    }
  | { readonly _tag: "Slow"; readonly by: Duration.Duration };

export interface Fault {
  readonly trouble: Trouble;
  readonly actor?: string;
  readonly verb?: Verb;
  readonly kind?: string;
  /** A string must match exactly. */
  readonly name?: string | RegExp;
  readonly dryRun?: boolean;
  /** Of the request's own words, e.g. where it looks. */
  readonly label?: RegExp;
  /** So many matching requests pass before the first one is hit. */
  readonly skip?: number;
  /** So many are hit; all of them when left out. */
  readonly times?: number;
}

const fail = (reason: KubectlErrorReason, detail: string, afterwards = false): Trouble => ({
  _tag: "Fail",
  reason,
  detail,
  afterwards,
});

export const SERVER = "https://cluster.example:6443";

export const unreachable = fail(
  "Unreachable",
  `${SERVER} does not answer: connect ECONNREFUSED 192.0.2.1:6443`,
);
export const forbidden = fail(
  "Forbidden",
  'this is forbidden: User "operator" cannot do this at the cluster scope',
);
export const unauthorized = fail("Unauthorized", "Unauthorized");
export const rejected = (why: string): Trouble =>
  fail("Rejected", `admission webhook "policy.example" denied the request: ${why}`);
/** Somebody else wrote first. */
export const overtaken = fail(
  "Conflict",
  "the object has been modified; please apply your changes to the latest version and try again",
);
export const serverError = fail("ServerError", "etcdserver: request timed out");
export const answerLost = fail("Unreachable", `${SERVER} does not answer: socket hang up`, true);
export const slow = (by: Duration.Input): Trouble => ({
  _tag: "Slow",
  by: Duration.fromInputUnsafe(by),
});
/** Nothing hangs for ever: the port gives up after 30 s, as its live layer does. */
const CALL_TIMEOUT = Duration.seconds(30);
export const hang: Trouble = slow(Duration.infinity);

export const isAbout = (fault: Fault, request: ApiRequest): boolean =>
  (fault.actor ?? request.actor) === request.actor &&
  (fault.verb ?? request.verb) === request.verb &&
  (fault.kind ?? request.kind) === request.kind &&
  (fault.dryRun ?? request.dryRun) === request.dryRun &&
  (fault.label?.test(request.label) ?? true) &&
  (fault.name === undefined ||
    (typeof fault.name === "string" ? fault.name === request.name : fault.name.test(request.name)));

/** The call as it goes under `trouble`. */
export const underTrouble =
  (trouble: Trouble, { label }: ApiRequest) =>
  <A>(call: Effect.Effect<A, KubectlError>): Effect.Effect<A, KubectlError> => {
    switch (trouble._tag) {
      case "Fail": {
        const failure = Effect.fail(
          new KubectlError({ reason: trouble.reason, request: label, detail: trouble.detail }),
        );
        return trouble.afterwards ? Effect.andThen(call, failure) : failure;
      }
      case "Slow":
        return Duration.isLessThan(trouble.by, CALL_TIMEOUT)
          ? Effect.delay(call, trouble.by)
          : Effect.andThen(
              Effect.sleep(CALL_TIMEOUT),
              Effect.fail(
                new KubectlError({
                  reason: "TimedOut",
                  request: label,
                  detail: `no answer within ${Duration.toSeconds(CALL_TIMEOUT)} s`,
                }),
              ),
            );
    }
  };
