import { Effect, type Layer, Option } from "effect";
import { Argument, Command, Flag } from "effect/cli";
import { PLATFORMS, TOOL_NAMES, type ToolName } from "../../domain/tools/pins.ts";
import { NO_CLUSTER, showHints } from "../../render/hints/hints.ts";
import { printLine } from "../../render/text/print.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { type ShelfProblem, ToolShelf } from "../../services/tools/ToolShelf.ts";
import { toolRemedy } from "../../words/tools/remedy.ts";
import { TOOLS_DIR_FLAG } from "../flags/shared-flags.ts";
import { TOOLS_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { RunFailed } from "../RunFailed.ts";

const TOOLS_UNAVAILABLE = 10;

const reportProblems = Effect.fnUntraced(function* (
  what: string,
  problems: ReadonlyArray<ShelfProblem>,
) {
  const missing = problems.flatMap(({ tool }) => (tool === undefined ? [] : [tool]));
  yield* report({
    _tag: "Failed",
    error: "ToolsUnavailable",
    exitCode: TOOLS_UNAVAILABLE,
    what,
    why: problems.map(({ message }) => message),
    hints: showHints(NO_CLUSTER, missing.slice(0, 1).map(toolRemedy)),
  });
  return yield* new RunFailed({ exitCode: TOOLS_UNAVAILABLE });
});

const list = Command.make("list", {}, () =>
  Effect.gen(function* () {
    const { folder, wanted, offered, tools } = yield* (yield* ToolShelf).list;
    yield* printLine(folder);
    for (const tool of TOOL_NAMES) {
      const here = tools.filter((shelved) => shelved.tool === tool);
      for (const { version, path, pinned } of here) {
        yield* printLine(`  ${tool} ${version}${pinned ? "" : " (not used any more)"}  ${path}`);
      }
      if (!here.some(({ pinned }) => pinned)) {
        const why = offered.includes(tool)
          ? "not downloaded yet"
          : "no pinned hash for this platform";
        yield* printLine(`  ${tool} ${wanted[tool]} (${why})`);
      }
    }
  }).pipe(Effect.interruptible),
).pipe(Command.withDescription("List the downloaded tools and the version that this build uses"));

const install = Command.make("install", {}, () =>
  Effect.gen(function* () {
    const shelf = yield* ToolShelf;
    const attempt = (tool: ToolName) => Effect.result(shelf.install(tool));
    const { offered } = yield* shelf.list;
    const results = yield* Effect.forEach(offered, attempt, { concurrency: "unbounded" });
    const problems: Array<ShelfProblem> = [];
    for (const result of results) {
      if (result._tag === "Success") yield* printLine(result.success);
      else problems.push(result.failure);
    }
    if (problems.length > 0) yield* reportProblems("not all tools could be installed", problems);
  }).pipe(Effect.interruptible),
).pipe(
  Command.withDescription("Download and verify helm, kubectl and crane now, and print their paths"),
);

const prune = Command.make("prune", {}, () =>
  Effect.gen(function* () {
    const removed = yield* (yield* ToolShelf).prune;
    for (const { tool, version, path } of removed) {
      yield* printLine(`removed ${tool} ${version}  ${path}`);
    }
  }).pipe(
    Effect.catch((problem) => reportProblems("could not remove old tools", [problem])),
    Effect.interruptible,
  ),
).pipe(Command.withDescription("Remove the versions that this build does not use"));

const bundleFlags = {
  folder: Argument.String("folder").pipe(
    Argument.withDescription("The folder to write; it then works as TARE_TOOLS_MIRROR"),
  ),
  platform: Flag.Literals("platform", [...PLATFORMS, "all"]).pipe(
    Flag.withDescription("The machines it is for (default: this one)"),
    Flag.optional,
  ),
};

const bundle = Command.make("bundle", bundleFlags, ({ folder, platform }) =>
  Effect.gen(function* () {
    const chosen = Option.match(platform, {
      onNone: () => [],
      onSome: (one) => (one === "all" ? PLATFORMS : [one]),
    });
    const written = yield* (yield* ToolShelf).bundle(folder, chosen);
    for (const file of written) yield* printLine(file);
  }).pipe(
    Effect.catch((problem) => reportProblems("the bundle is not complete", [problem])),
    Effect.interruptible,
  ),
).pipe(
  Command.withDescription("Write verified downloads into a folder to carry into a closed network"),
);

/** Keeps the folder of downloaded tools. */
export const toolsCommand = <R>(
  services: (choice: { readonly toolsDir?: string }) => Layer.Layer<ToolShelf | Reporter, never, R>,
) =>
  Command.make("tools").pipe(
    Command.withDescription(
      "Manage the helm, kubectl and crane that tare uses: list, install, prune, bundle.",
    ),
    Command.annotate(HelpExtrasOf, { environment: TOOLS_ENVIRONMENT }),
    Command.withSharedFlags({ toolsDir: TOOLS_DIR_FLAG.flag }),
    Command.withSubcommands([list, install, prune, bundle]),
    Command.provide(({ toolsDir }) =>
      services(Option.isSome(toolsDir) ? { toolsDir: toolsDir.value } : {}),
    ),
  );
