/** Bugs to be put in on purpose, one at a time: each must be caught. `search` occurs exactly once in its file. */

export interface Plant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly search: string;
  readonly replacement: string;
  /** The test file that catches it where the simulation cannot. */
  readonly test?: string;
}

export const PLANTS: ReadonlyArray<Plant> = [
  {
    name: "a verified rollback exits with 22",
    file: "src/errors/upgrade.ts",
    search: "exitCode: 20,",
    replacement: "exitCode: 22,",
  },
  {
    name: "a failed rollback exits with 20",
    file: "src/errors/upgrade.ts",
    search: "exitCode: 21,",
    replacement: "exitCode: 20,",
  },
  {
    name: "the event is written twice",
    file: "src/operations/run/record-event.ts",
    search: "const [outbox, { self }] = yield* Effect.all([EventOutbox, ProcessTable]);",
    replacement: `const [real, { self }] = yield* Effect.all([EventOutbox, ProcessTable]);
  const outbox = {
    write: (event: Parameters<typeof real.write>[0]) =>
      Effect.andThen(real.write({ ...event, operation: "rollback" }), real.write(event)),
  };`,
  },
  {
    name: "a failure is told as a success",
    file: "src/operations/run/record-event.ts",
    search: '? { status: "success" }',
    replacement: '|| exit !== undefined ? { status: "success" }',
  },
  {
    name: "the versions of an event are swapped",
    file: "src/operations/run/record-event.ts",
    search: "fromVersion: installed.fromVersion,\n      toVersion: installed.chart.version,",
    replacement: "fromVersion: installed.chart.version,\n      toVersion: installed.fromVersion,",
  },
  {
    name: "the event names the restored revision",
    file: "src/operations/run/record-event.ts",
    search: ": error.failedRevision;",
    replacement:
      ': "deployedRevision" in error ? Number(error.deployedRevision) : error.failedRevision;',
  },
  {
    name: "a faulty outbox fails the run",
    file: "src/operations/run/record-event.ts",
    search: 'Effect.andThen(journal.done("event")),',
    replacement: 'Effect.andThen(journal.done("event")),\n          Effect.orDie,',
  },
  {
    name: "a carried path is dropped",
    file: "src/domain/values/carry-over.ts",
    search: '  field("global.serveUrl", "serve-url", { identityField: "serveUrl" }),\n',
    replacement: "",
  },
  {
    name: "carried values become text",
    file: "src/domain/values/carry-over.ts",
    search: "setPath(values, path, plain(value))",
    replacement: "setPath(values, path, String(plain(value)))",
  },
  {
    name: "values are carried from the newest revision, failed or not",
    file: "src/phases/release/read-release.ts",
    search: "const deployed = deployedRevision(history);\n    const { stored",
    replacement: "const deployed = history.at(-1);\n    const { stored",
  },
  {
    name: "the drain time is ignored",
    file: "src/domain/run/upgrade-options.ts",
    search: "Math.ceil(Duration.toSeconds(options.drainTimeout))",
    replacement: "0",
  },
  {
    name: "streams that a drain was too short for are not counted",
    file: "src/domain/streams/proxies.ts",
    search: "return lasted + SLACK_MILLIS < Duration.toMillis(drain) ? 0 : open;",
    replacement: "return lasted < 0 ? open : 0;",
  },
  {
    name: "another data-plane namespace is not noticed",
    file: "src/phases/release/carrying.ts",
    search: "if (live !== requested) {",
    replacement: "if (live === undefined) {",
    // A run without it is stopped by the change in how clients would reach the data plane.
    test: "test/operations/upgrade.values.test.ts",
  },
  {
    name: "--strict-values is not strict",
    file: "src/phases/release/carrying.ts",
    search: "if (strict) {",
    replacement: "if (strict && lost.length > 2) {",
  },
  {
    name: "a single replica is upgraded without a word",
    file: "src/phases/checks/ha-preflight.ts",
    search: 'verdict._tag === "SingleReplica" && !options.allowDowntime',
    replacement: 'verdict._tag === "SingleReplica" && verdict.minReplicas < 1',
  },
  {
    name: "CRDs are written although one was refused",
    file: "src/phases/crds/rehearse.ts",
    search: "if (refusals.length > 0) return yield* new CrdsRefused",
    replacement: "if (refusals.length > 9) return yield* new CrdsRefused",
  },
  {
    name: "half a set of CRDs reaches Helm",
    file: "src/phases/crds/write.ts",
    search: "if (all.length > 0) {",
    replacement: "if (all.length > 9) {",
    test: "test/operations/upgrade.crds.test.ts",
  },
  {
    name: "Helm does not wait for the CRDs to be served",
    file: "src/phases/crds/write.ts",
    search: "...(yield* awaitServed(written))",
    replacement: "...(written.length < 0 ? yield* awaitServed(written) : [])",
    test: "test/phases/crds/apply-crds.test.ts",
  },
  {
    name: "CRDs are not saved before they change",
    file: "src/phases/crds/back-up.ts",
    search: "saved.length === 0",
    replacement: "saved.length >= 0",
  },
  {
    name: "an old failed revision counts as good",
    file: "src/domain/release/release.ts",
    search: "if (describesFailure(revision) || unproven.has(revision.revision)) return false;",
    replacement: "if (unproven.has(revision.revision)) return false;",
  },
  {
    name: "a revision whose data plane failed counts as good",
    file: "src/domain/release/release.ts",
    search: "if (describesFailure(revision) || unproven.has(revision.revision)) return false;",
    replacement: "if (describesFailure(revision)) return false;",
  },
  {
    name: "whatever Helm rolled back to is good enough",
    file: "src/phases/helm/conclude.ts",
    search: "return outcome.restored === lastGood?.revision",
    replacement: "return outcome.restored > 0",
  },
  {
    name: "--no-atomic rolls back all the same",
    file: "src/phases/rollout/settle.ts",
    search: "if (options.atomic) return yield* rollBack(attempt, failure);",
    replacement: "return yield* rollBack(attempt, failure);",
  },
  {
    name: "a data plane that never settled counts as upgraded",
    file: "src/phases/rollout/settle.ts",
    search: 'if (dataPlane._tag !== "NotSettled") {',
    replacement: 'if (dataPlane._tag !== "NotSettled" || options.atomic) {',
  },
  {
    name: "a data plane that failed is remembered as passed",
    file: "src/phases/rollout/settle.ts",
    search: 'yield* recordGate(attempt, revision, "failed");',
    replacement: 'yield* recordGate(attempt, revision, "passed");',
  },
  {
    name: "Helm's words are not redacted",
    file: "src/phases/helm/run-helm.ts",
    search: "reason: said(redactText(outcome.reason.text, installed.secrets))",
    replacement: "reason: said(redactText(outcome.reason.text))",
  },
  {
    name: "the identity is not applied",
    file: "src/phases/helm/helm-upgrade.ts",
    search: ").pipe(underIdentity({ identity, installed, lock }));",
    replacement:
      ").pipe(options.strictValues ? underIdentity({ identity, installed, lock }) : (it) => it);",
  },
  {
    name: "Helm keeps the old values",
    file: "src/domain/helm/arguments.ts",
    search: 'old values.\n  "--reset-values",\n',
    replacement: "old values.\n",
  },
  {
    name: "the lock is not given back",
    file: "src/services/lock/ReleaseLockLease.ts",
    search: "yield* kubectl.replace(Lease, releasedLease(lease));",
    replacement: "yield* Effect.void;",
  },
  {
    name: "streams that go with a replaced listener are not counted",
    file: "src/domain/streams/proxies.ts",
    search: "now.listenersDraining < before.listenersDraining",
    replacement: "now.listenersDraining < 0",
  },
  {
    name: "held proxies are let go before their streams have ended",
    file: "src/domain/hold/let-go.ts",
    search: "quietSinceMillis: openStreams === 0 ?",
    replacement: "quietSinceMillis: openStreams !== undefined ?",
  },
  {
    name: "proxies that come during a hold are not held",
    file: "src/services/hold/ProxyHoldAdmission.ts",
    search: "yield* holdNewcomers(named, found, request.asked);",
    replacement: "",
    test: "test/simulation/simulation.test.ts",
  },
  {
    name: "a dead run's row is masked with its own revision's secrets alone",
    file: "src/operations/run/record-dead-run.ts",
    search: "...replacedBy(history, subject.revision)",
    replacement: "...replacedBy(history, 0)",
    test: "test/simulation/simulation.test.ts",
  },
  {
    name: "the guard of a hold stays",
    file: "src/services/hold/guard.ts",
    search:
      "yield* Effect.forEach(guards, (guard) => kubectl.delete(refOf(Job, guard)), { discard: true });",
    replacement: "yield* Effect.sync(() => guards);",
  },
  {
    name: "proxies out of rotation belong to nobody",
    file: "src/domain/hold/hand-over.ts",
    search: "ownerReferences: [owner],",
    replacement: 'ownerReferences: owner.name === "" ? [owner] : [],',
  },
  {
    name: "a quota without room is not noticed",
    file: "src/phases/checks/rehearsal/rehearse-objects.ts",
    search: "shortfalls: quotaShortfalls(facts.quotas, coming),",
    replacement: "shortfalls: quotaShortfalls(facts.quotas, coming).slice(1),",
  },
  {
    name: "the plan does not look at high availability",
    file: "src/operations/plan.ts",
    search: "yield* phase(haPreflight, { options, facts: reads.ha });",
    replacement: "yield* Effect.as(reads.ha, haPreflight);",
  },
  {
    name: "what ran before is not recorded",
    file: "src/operations/upgrade.ts",
    search: "const prior = yield* priorState;",
    replacement: "const prior = yield* Effect.as(priorState, undefined);",
  },
  {
    name: "the server is not asked what it makes of a workload",
    file: "src/services/rollout/watch/answers.ts",
    search: "Result.isSuccess(answer) ? answerTo(question, answer.success) : asked",
    replacement: "Result.isSuccess(answer) ? asked : asked",
  },
  {
    name: "a restored object is compared with its manifest alone",
    file: "src/phases/helm/restore.ts",
    search: "const why = deviation(wanted, live, Option.getOrUndefined(made));",
    replacement: "const why = made._tag === undefined ? undefined : deviation(wanted, live);",
    test: "test/operations/upgrade.beside-others.test.ts",
  },
  {
    name: "what others say is shown as it is",
    file: "src/render/text/ReporterText.ts",
    search: "const event = visibleEvent(told);\n            const [next, changes]",
    replacement: "const event = told;\n            const [next, changes]",
  },
  {
    name: "JSON shows what it need not escape",
    file: "src/render/json/ReporterJson.ts",
    search: "write(visibleJson(record));",
    replacement: "write(JSON.stringify(record));",
  },
  {
    name: "the summary of an event is as others said it",
    file: "src/words/events/install-event.ts",
    search: "visible(singleLine(redactText(describeCause(facts.outcome.cause)))),",
    replacement: "singleLine(redactText(describeCause(facts.outcome.cause))),",
  },
  {
    name: "a Lease that claims to last for ever is taken over",
    file: "src/services/lock/lease-taking.ts",
    search: 'return state.overlong ? { _tag: "Alive" } :',
    replacement: 'return state.holder === "" ? { _tag: "Alive" } :',
  },
];
