import { Context, Data, type Duration, type Effect, type Redacted, type Scope } from "effect";
import type { ApplyMethod, RenderAnswers } from "../../domain/helm/arguments.ts";
import type { HelmFailureKind } from "../../domain/helm/stderr.ts";
import type { HelmVersion } from "../../domain/helm/version.ts";
import type { Hint } from "../../domain/hints/hint.ts";
import type { JsonObject } from "../../domain/kube/json.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { History, ReleaseRef } from "../../domain/release/release.ts";
import type { RenderedRelease } from "../../domain/release/rendered-release.ts";

/** Helm could not be run, or a command that only reads failed. `text` is what Helm said, without its noise. */
export class HelmError extends Data.TaggedError("HelmError")<{
  readonly command: string;
  readonly kind: HelmFailureKind | "not-runnable" | "unreadable-output";
  readonly text: string;
  /** What to do about it, where it is the same whatever was asked of Helm. */
  readonly remedy?: Hint;
}> {
  override get message() {
    return `helm ${this.command}: ${this.text}`;
  }
}

export interface ReleaseSummary {
  readonly name: string;
  readonly namespace: string;
  readonly status: string;
  /** `name-version` of the chart. */
  readonly chart: string;
}

export interface UpgradeRequest {
  readonly release: ReleaseRef;
  /** Absolute path of a chart directory or archive. */
  readonly chart: string;
  readonly values: Redacted.Redacted<JsonObject>;
  readonly timeout: Duration.Duration;
  readonly atomic: boolean;
  /** Until everything of the release is ready; the default. */
  readonly wait?: boolean;
  /** Also change fields that others own; for a release that is applied by the server. */
  readonly takeOver?: boolean;
}

export interface RenderRequest extends Pick<UpgradeRequest, "release" | "chart" | "values"> {
  /** As the API server prints it; matters where the server is not asked. */
  readonly kubeVersion?: string | undefined;
  /** There is no release yet: it is rendered as for an installation. */
  readonly isFirst?: boolean;
}

interface RollbackRequest {
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly timeout: Duration.Duration;
  /** Until everything of the release is ready; the default. */
  readonly wait?: boolean;
  /** Also change fields that others own; for a release that is applied by the server. */
  readonly takeOver?: boolean;
}

interface UninstallRequest {
  readonly release: ReleaseRef;
  /** For the hooks, and for the end of what is deleted. */
  readonly timeout: Duration.Duration;
  /** Until everything has gone; the default. */
  readonly wait?: boolean;
}

/** How the process ended. It says nothing certain about the release: read the history for that. */
export interface HelmExit {
  /** `undefined` when a signal ended the process. */
  readonly code: number | undefined;
  /** Helm's `Error:` text, empty on success. */
  readonly errorText: string;
}

/** A running `helm upgrade`. */
export interface HelmRun {
  readonly exit: Effect.Effect<HelmExit, HelmError>;
  /**
   * One SIGINT: Helm stops waiting, records the failure and, when atomic, rolls back. Later ones do nothing. Waiting for
   * the end is the caller's, through `exit`.
   */
  readonly cancel: Effect.Effect<void>;
}

/** The real Helm, 3 or 4, as a child process. Reads are safe to interrupt; writes are left to run to their end. */
export class Helm extends Context.Service<
  Helm,
  {
    readonly version: Effect.Effect<HelmVersion, HelmError>;
    /** Every revision in ascending order; empty when there is no such release. */
    readonly history: (release: ReleaseRef) => Effect.Effect<History, HelmError>;
    /** The releases of all namespaces, whatever their status. */
    readonly releases: Effect.Effect<ReadonlyArray<ReleaseSummary>, HelmError>;
    /** What the operator passed for `revision`, without chart defaults. */
    readonly userValues: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<Redacted.Redacted<JsonObject>, HelmError>;
    /** What `revision` was rendered with: the defaults of its chart, and the operator's values over them. */
    readonly allValues: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<Redacted.Redacted<JsonObject>, HelmError>;
    /** How this Helm would write objects, as `revision` was written; 3 knows one method only. */
    readonly applyMethod: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<ApplyMethod, HelmError>;
    /** The objects that `revision` consists of, as Helm applied them. */
    readonly manifest: (
      release: ReleaseRef,
      revision: number,
    ) => Effect.Effect<ReadonlyArray<KubeObject>, HelmError>;
    /** What the chart had to say of `revision` (its NOTES.txt, rendered then); empty when that was nothing. */
    readonly notes: (release: ReleaseRef, revision: number) => Effect.Effect<string, HelmError>;
    /**
     * What an upgrade would make of the chart; nothing is written. Asked of the server, the chart's lookups are answered
     * and every kind must be served; without asking it, neither.
     */
    readonly render: (
      request: RenderRequest,
      answers: RenderAnswers,
    ) => Effect.Effect<Redacted.Redacted<RenderedRelease>, HelmError>;
    /** Closing the scope of a run that has not ended cancels it and waits for its end. */
    readonly upgrade: (request: UpgradeRequest) => Effect.Effect<HelmRun, HelmError, Scope.Scope>;
    /** `helm rollback` dies of every signal and then blocks the release, so it is not interruptible. */
    readonly rollback: (request: RollbackRequest) => Effect.Effect<HelmExit, HelmError>;
    /** Removes the release with its history; what is marked to be kept stays. It is left to run to its end. */
    readonly uninstall: (request: UninstallRequest) => Effect.Effect<HelmExit, HelmError>;
    /** Downloads and unpacks a chart; returns its directory inside `into`. */
    readonly pull: (
      url: string,
      version: string | undefined,
      into: string,
    ) => Effect.Effect<string, HelmError>;
  }
>()("tare/services/Helm") {}
