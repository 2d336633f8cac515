import {
  Duration,
  Effect,
  Fiber,
  FileSystem,
  Layer,
  Option,
  Path,
  Redacted,
  Schema,
  Scope,
} from "effect";
import { ChildProcessSpawner } from "effect/process";
import {
  type RenderAnswers,
  renderArguments,
  rollbackArguments,
  uninstallArguments,
  upgradeArguments,
} from "../../domain/helm/arguments.ts";
import { classifyHelmError, oneLine } from "../../domain/helm/stderr.ts";
import { type HelmVersion, parseHelmVersion } from "../../domain/helm/version.ts";
import type { ClusterChoice } from "../../domain/kube/cluster-choice.ts";
import { isJsonObject } from "../../domain/kube/json.ts";
import { byRevision, History, type ReleaseRef } from "../../domain/release/release.ts";
import { CLUSTER_MARK } from "../../domain/run/recovery.ts";
import { toolRemedy } from "../../words/tools/remedy.ts";
import { sweepDeadRuns } from "../disk/run-folders.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { makeHelmStorage } from "../release/helm-storage.ts";
import { applyMethodOf } from "../release/release-secret.ts";
import { ToolCache } from "../tools/ToolCache.ts";
import { chartRecordFiles } from "./chart-record-files.ts";
import { Helm, HelmError, type ReleaseSummary, type RenderRequest } from "./Helm.ts";
import { noAnswer, unreadable } from "./helm-failures.ts";
import { privateFiles } from "./helm-files.ts";
import { manifestObjects, readDryRun, readTemplate, templateRecordBytes } from "./helm-manifest.ts";
import { type Outlet, startHelm } from "./helm-process.ts";

/** A read that takes longer is hanging: Helm itself gives up on most things earlier. */
const READ_TIMEOUT = Duration.minutes(1);
const RENDER_TIMEOUT = Duration.minutes(2);
const PULL_TIMEOUT = Duration.minutes(5);
/** Helm keeps no more than this of a history by default. */
const HISTORY_MAX = "256";

const ReleaseList = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    namespace: Schema.String,
    status: Schema.String,
    chart: Schema.String,
  }),
);

const Metadata = Schema.Struct({ applyMethod: Schema.optionalKey(Schema.String) });

const decodeJson = <A>(schema: Schema.Codec<A, unknown>, command: string, text: string) =>
  Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
    Effect.mapError(() => unreadable(command, "its output is not what Helm 3 and 4 print")),
  );

/**
 * Runs the Helm binary in a process group of its own, so that a Ctrl-C in the terminal reaches tare alone, which then
 * decides which signal Helm gets.
 */
export const layerHelmBinary = (
  choice: ClusterChoice,
): Layer.Layer<
  Helm,
  never,
  Kubectl | ToolCache | ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path
> =>
  Layer.effect(
    Helm,
    Effect.gen(function* () {
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner;
      const fs = yield* FileSystem.FileSystem;
      const path = yield* Path.Path;
      const tools = yield* ToolCache;
      const kubectl = yield* Kubectl;
      yield* Effect.sync(sweepDeadRuns);
      const helmFiles = privateFiles(fs, path);
      const storage = yield* makeHelmStorage(kubectl);
      /**
       * Always the cluster this run talks to itself: the kubeconfig's current context can be switched meanwhile, and Helm
       * reads it again each time.
       */
      const scope = yield* Effect.scope;
      const clusterFlags = yield* Effect.cached(
        Effect.gen(function* () {
          const target = yield* Effect.orElseSucceed(kubectl.target, () => ({
            context: choice.context,
            kubeconfig: undefined,
          }));
          const kubeconfig =
            target.kubeconfig === undefined
              ? choice.kubeconfig
              : yield* target.kubeconfig.pipe(
                  Effect.mapError(
                    ({ message: text }) =>
                      new HelmError({ command: "kubeconfig", kind: "not-runnable", text }),
                  ),
                  Effect.flatMap(helmFiles.kubeconfig),
                );
          return [
            ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
            ...(target.context === undefined ? [] : ["--kube-context", target.context]),
          ];
        }).pipe(Effect.provideService(Scope.Scope, scope)),
      );

      const start = Effect.fnUntraced(function* (
        args: ReadonlyArray<string>,
        needs: "cluster" | "no cluster",
        outlet?: Outlet,
      ) {
        const command = args[0] ?? "";
        const tool = yield* Effect.mapError(
          tools.locate("helm"),
          ({ message, tool: missing }) =>
            new HelmError({
              command,
              kind: "not-runnable",
              text: message,
              remedy: toolRemedy(missing),
            }),
        );
        const flags = needs === "cluster" ? yield* clusterFlags : [];
        const server = needs === "cluster" ? yield* Effect.option(kubectl.target) : Option.none();
        const mark = Option.isSome(server) ? { [CLUSTER_MARK]: server.value.server } : {};
        return yield* startHelm(tool.path, [...args, ...flags], mark, outlet).pipe(
          Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner),
          Effect.mapError(
            (cause) =>
              new HelmError({
                command,
                kind: "not-runnable",
                text: `${tool.path} cannot be run: ${cause.message}`,
              }),
          ),
        );
      });

      const read = Effect.fnUntraced(function* (
        args: ReadonlyArray<string>,
        needs: "cluster" | "no cluster" = "cluster",
        timeout: Duration.Duration = READ_TIMEOUT,
      ) {
        const command = args.slice(0, 2).join(" ");
        const { finished } = yield* start(args, needs);
        const { exit, stdout } = yield* Effect.timeoutOrElse(finished, {
          duration: timeout,
          orElse: () => Effect.fail(noAnswer(command, timeout)),
        });
        if (exit.code === 0) return stdout;
        return yield* new HelmError({
          command,
          kind: classifyHelmError(exit.errorText),
          text: oneLine(exit.errorText),
        });
      }, Effect.scoped);

      const version = yield* Effect.cached(
        Effect.flatMap(read(["version", "--template", "{{.Version}}"], "no cluster"), (text) => {
          const parsed = parseHelmVersion(text);
          return parsed === undefined
            ? Effect.fail(
                unreadable("version", `"${oneLine(text).slice(0, 80)}" is not a Helm version`),
              )
            : Effect.succeed(parsed);
        }),
      );

      const valuesFromHelm = Effect.fnUntraced(function* (
        { name, namespace }: ReleaseRef,
        revision: number,
        which: ReadonlyArray<"--all">,
      ) {
        const args = ["get", "values", name, "--namespace", namespace, ...which];
        const text = yield* read([...args, "--revision", String(revision), "--output", "json"]);
        const values = yield* decodeJson(Schema.Unknown, "get values", text);
        return Redacted.make(isJsonObject(values) ? values : {}, { label: "values" });
      });

      const rendered = Effect.fnUntraced(function* (
        request: RenderRequest,
        answers: RenderAnswers,
      ) {
        const helm = yield* version;
        const valuesFile = yield* helmFiles.values(request.values, "render");
        const args = renderArguments(helm, { ...request, valuesFile, answers });
        return yield* read(args, "cluster", RENDER_TIMEOUT);
      }, Effect.scoped);

      const templateBytes = Effect.fnUntraced(function* (request: RenderRequest, text: string) {
        const files = yield* chartRecordFiles(fs, path, request.chart);
        return files === undefined ? undefined : templateRecordBytes(text, request.values, files);
      });

      /** For commands that leave the release broken when they are stopped. */
      const toItsEnd = (
        command: string,
        argumentsFor: (helm: HelmVersion) => ReadonlyArray<string>,
      ) =>
        Effect.gen(function* () {
          const words = argumentsFor(yield* version);
          const { finished } = yield* start(words, "cluster", yield* helmFiles.outlet(command));
          return (yield* finished).exit;
        }).pipe(Effect.scoped, Effect.uninterruptible, Effect.withSpan(`Helm.${command}`));

      return Helm.of({
        version,

        history: Effect.fn("Helm.history")(function* (release) {
          // A process costs a fifth of a second; it is asked where the Secrets do not tell.
          const known = yield* storage.history(release);
          if (known !== undefined) return known;
          const args = ["history", release.name, "--namespace", release.namespace];
          const text = yield* read([...args, "--max", HISTORY_MAX, "--output", "json"]).pipe(
            Effect.catchIf(
              ({ kind }) => kind === "not-found",
              () => Effect.succeed("[]"),
            ),
          );
          return byRevision(yield* decodeJson(History, "history", text));
        }),

        releases: Effect.gen(function* () {
          const states = ["--deployed", "--failed", "--pending", "--uninstalling"];
          const text = yield* read(["list", "--all-namespaces", ...states, "--output", "json"]);
          const releases: ReadonlyArray<ReleaseSummary> = yield* decodeJson(
            ReleaseList,
            "list",
            text,
          );
          return releases;
        }).pipe(Effect.withSpan("Helm.releases")),

        userValues: Effect.fn("Helm.userValues")(function* (release, revision) {
          const known = yield* storage.contents(release, revision);
          return known === undefined
            ? yield* valuesFromHelm(release, revision, [])
            : Redacted.make(Redacted.value(known).values, { label: "values" });
        }),

        allValues: Effect.fn("Helm.allValues")((release, revision) =>
          valuesFromHelm(release, revision, ["--all"]),
        ),

        applyMethod: Effect.fn("Helm.applyMethod")(function* (release, revision) {
          if ((yield* version).major < 4) return "client";
          const known = yield* storage.contents(release, revision);
          if (known !== undefined) return Redacted.value(known).applyMethod;
          const args = ["get", "metadata", release.name, "--namespace", release.namespace];
          const text = yield* read([...args, "--revision", String(revision), "--output", "json"]);
          return applyMethodOf((yield* decodeJson(Metadata, "get metadata", text)).applyMethod);
        }),

        manifest: Effect.fn("Helm.manifest")(function* (release, revision) {
          const args = ["get", "manifest", release.name, "--namespace", release.namespace];
          const known = yield* storage.contents(release, revision);
          const text =
            known === undefined
              ? yield* read([...args, "--revision", String(revision)])
              : Redacted.value(known).manifest;
          return yield* Effect.try({
            try: () => manifestObjects(text),
            catch: () =>
              unreadable("get manifest", `the manifest of revision ${revision} is not YAML`),
          });
        }),

        notes: Effect.fn("Helm.notes")(function* (release, revision) {
          const known = yield* storage.contents(release, revision);
          if (known !== undefined) return Redacted.value(known).notes;
          const args = ["get", "notes", release.name, "--namespace", release.namespace];
          const text = yield* read([...args, "--revision", String(revision)]);
          return text.replace(/^NOTES:\n/, "");
        }),

        render: Effect.fn("Helm.render")(function* (request, answers) {
          const text = yield* rendered(request, answers);
          const bytes = answers === "none" ? yield* templateBytes(request, text) : undefined;
          return yield* Effect.try({
            try: () => (answers === "server" ? readDryRun(text) : readTemplate(text, bytes)),
            catch: () =>
              unreadable("render", "what the chart renders to is not YAML of Kubernetes objects"),
          });
        }),

        upgrade: Effect.fn("Helm.upgrade")(function* (request) {
          const helm = yield* version;
          const valuesFile = yield* helmFiles.values(request.values, "upgrade");
          const helmProcess = yield* start(
            upgradeArguments(helm, { ...request, valuesFile }),
            "cluster",
            yield* helmFiles.outlet("upgrade"),
          );
          const { finished, isRunning } = helmProcess;
          // A fiber of its own: a caller that waits for the end can be interrupted, and the end is still seen.
          const ending = yield* Effect.forkScoped(Effect.map(finished, (ended) => ended.exit));
          const cancel = yield* Effect.cached(
            Effect.when(helmProcess.signal("SIGINT"), isRunning).pipe(Effect.asVoid),
          );
          // Registered last, so it runs first: Helm sees its rollback through before anything is taken from it.
          yield* Effect.addFinalizer(() =>
            Effect.when(Effect.andThen(cancel, Fiber.await(ending)), isRunning),
          );
          return { exit: Fiber.join(ending), cancel };
        }),

        rollback: (request) => toItsEnd("rollback", (helm) => rollbackArguments(helm, request)),
        uninstall: (request) => toItsEnd("uninstall", (helm) => uninstallArguments(helm, request)),

        pull: Effect.fn("Helm.pull")(function* (url, chartVersion, into) {
          const pinned = chartVersion === undefined ? [] : ["--version", chartVersion];
          yield* read(
            ["pull", url, ...pinned, "--untar", "--untardir", into],
            "no cluster",
            PULL_TIMEOUT,
          );
          const [directory] = yield* Effect.orElseSucceed(fs.readDirectory(into), () => []);
          if (directory !== undefined) return path.join(into, directory);
          return yield* unreadable("pull", `${url} unpacked to nothing`);
        }),
      });
    }),
  );
