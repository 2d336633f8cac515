/** Every service of an upgrade, how one of its calls fails, and how to put something around all of its calls. */
import { Context, Effect, Stream } from "effect";
import { ChartError, ChartSource } from "../../../src/services/chart/ChartSource.ts";
import { BackupError, CrdBackups } from "../../../src/services/crds/CrdBackups.ts";
import { EventOutbox, OutboxError } from "../../../src/services/events/EventOutbox.ts";
import { Helm, HelmError } from "../../../src/services/helm/Helm.ts";
import {
  Kubectl,
  KubectlError,
  type KubectlErrorReason,
} from "../../../src/services/kube/Kubectl.ts";
import { ReleaseLock } from "../../../src/services/lock/ReleaseLock.ts";
import { ProcessTable } from "../../../src/services/processes/ProcessTable.ts";
import { ReleaseRecords } from "../../../src/services/release/ReleaseRecords.ts";
import { Reporter } from "../../../src/services/report/Reporter.ts";
import {
  FailureReportError,
  FailureReports,
} from "../../../src/services/rollout/FailureReports.ts";
import { RolloutGate } from "../../../src/services/rollout/RolloutGate.ts";
import { JournalFiles } from "../../../src/services/run/JournalFiles.ts";
import { RunJournal } from "../../../src/services/run/RunJournal.ts";
import { ToolCache, ToolMissing } from "../../../src/services/tools/ToolCache.ts";
import type { World } from "../../fakes/index.ts";

export interface PortCall {
  readonly port: string;
  readonly method: string;
}

type AnyEffect = Effect.Effect<unknown, unknown, never>;
export type Around = (call: PortCall, run: AnyEffect) => AnyEffect;

type Failure = (method: string, reason: KubectlErrorReason, detail: string) => unknown;

export interface Port {
  readonly name: string;
  readonly methods: ReadonlyArray<string>;
  /** The typed failure of a call; absent where the port's type has none. */
  readonly failure: Failure | undefined;
  readonly wrapIn: (context: Context.Context<World>, around: Around) => Context.Context<World>;
}

const isEffect = (value: unknown): value is AnyEffect => Effect.isEffect(value);

/** Beginning it is the call. */
const wrapStream = (
  call: PortCall,
  stream: Stream.Stream<unknown, unknown, unknown>,
  around: Around,
) => Stream.unwrap(Effect.as(around(call, Effect.void), stream));

const wrapMember = (call: PortCall, member: unknown, around: Around): unknown => {
  if (isEffect(member)) return around(call, member);
  if (typeof member !== "function") return member;
  return (...args: ReadonlyArray<unknown>): unknown => {
    const result: unknown = member(...args);
    if (Stream.isStream(result)) return wrapStream(call, result, around);
    return isEffect(result) ? around(call, result) : result;
  };
};

/** The same members with the same types: only what happens around their calls is different. */
const wrapped = <S extends object>(port: string, service: S, around: Around): S =>
  Object.fromEntries(
    Object.entries(service).map(([method, member]) => [
      method,
      wrapMember({ port, method }, member, around),
    ]),
  ) as S;

const port = <I extends World, S extends object>(
  key: Context.Service<I, S>,
  methods: ReadonlyArray<string>,
  failure?: Failure,
): Port => {
  const name = key.key.slice(key.key.lastIndexOf("/") + 1);
  return {
    name,
    methods,
    failure,
    wrapIn: (context, around) =>
      Context.add(context, key, wrapped(name, Context.get(context, key), around)),
  };
};

const kubectlFailure: Failure = (request, reason, detail) =>
  new KubectlError({ request, reason, detail });

/** What talks to the outside itself. */
export const OUTER_PORTS: ReadonlyArray<Port> = [
  port(
    Kubectl,
    [
      "target",
      "serverVersion",
      "get",
      "list",
      "watch",
      "podLog",
      "podHttp",
      "served",
      "apply",
      "warningsOf",
      "create",
      "replace",
      "patch",
    ],
    kubectlFailure,
  ),
  port(
    Helm,
    ["version", "history", "releases", "userValues", "manifest", "notes", "upgrade", "rollback"],
    (command, _, text) => new HelmError({ command, kind: "not-runnable", text }),
  ),
  port(
    ChartSource,
    ["resolve"],
    (_method, _reason, detail) => new ChartError({ chart: "embedded chart", detail }),
  ),
  port(CrdBackups, ["save"], (_method, _reason, detail) => new BackupError({ detail })),
  port(
    ToolCache,
    ["locate"],
    () => new ToolMissing({ tool: "helm", searched: ["~/.tare/tools", "PATH"] }),
  ),
  port(FailureReports, ["save"], (_method, _reason, detail) => new FailureReportError({ detail })),
  port(Reporter, ["report"]),
  port(JournalFiles, ["read", "write"]),
];

/** What is made of calls to the outer ones. */
export const INNER_PORTS: ReadonlyArray<Port> = [
  port(EventOutbox, ["write"], (_method, _reason, detail) => new OutboxError({ detail })),
  port(ReleaseLock, ["acquire"], kubectlFailure),
  port(
    ReleaseRecords,
    ["secretUids", "storedManifests", "gateRecords", "recordGate"],
    kubectlFailure,
  ),
  port(RolloutGate, ["follow"]),
  port(RunJournal, ["latest", "open"]),
  port(ProcessTable, ["fate", "running"]),
];

export const PORTS: ReadonlyArray<Port> = [...OUTER_PORTS, ...INNER_PORTS];
