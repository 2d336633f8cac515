import { join, resolve } from "node:path";
import { Duration, Effect, Layer } from "effect";
import { ChildProcess, ChildProcessSpawner } from "effect/process";
import type { ToolsChoice } from "../../domain/kube/cluster-choice.ts";
import { artifactOf, platformOf, TOOL_NAMES, type ToolName } from "../../domain/tools/pins.ts";
import { judgeTool } from "../../domain/tools/version.ts";
import { describeUnsuitable } from "../../words/tools/unsuitable.ts";
import { Reporter } from "../report/Reporter.ts";
import { changeableByOthers, isExecutable, isIntact } from "./files.ts";
import { InstallFailed, installTool } from "./install.ts";
import { cachedTools, mirror, onPath, toolsFolder, VARIABLES } from "./places.ts";
import { Pins } from "./settings.ts";
import { type Tool, ToolCache, ToolMissing } from "./ToolCache.ts";

const VERSION_ARGUMENTS: Readonly<Record<ToolName, ReadonlyArray<string>>> = {
  helm: ["version", "--template", "{{.Version}}"],
  kubectl: ["version", "--client"],
  crane: ["version"],
};
const VERSION_TIMEOUT = Duration.seconds(10);

const intact = (path: string): Effect.Effect<boolean> => Effect.promise(() => isIntact(path));

/** A variable that is set decides alone: an operator who names a binary does not want another one. */
const fromEnvironment = (tool: ToolName): Tool | ToolMissing | undefined => {
  const variable = VARIABLES[tool];
  const path = process.env[variable];
  if (path === undefined || path === "") return undefined;
  return isExecutable(path)
    ? { name: tool, path, origin: "environment" }
    : new ToolMissing({ tool, searched: [`${variable}=${path}, which is not an executable file`] });
};

export const layerToolCacheLocal = (
  choice: ToolsChoice = {},
): Layer.Layer<ToolCache, never, Reporter | ChildProcessSpawner.ChildProcessSpawner> =>
  Layer.effect(
    ToolCache,
    Effect.gen(function* () {
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner;
      const reporter = yield* Reporter;
      const pins = yield* Pins;
      const root = toolsFolder(choice.toolsDir);

      const download = Effect.fnUntraced(function* (tool: ToolName) {
        const platform = platformOf(process.platform, process.arch);
        if (platform === undefined) {
          return yield* new InstallFailed({
            reason: `there is none for ${process.platform} on ${process.arch}`,
            retryable: false,
          });
        }
        const artifact = artifactOf(pins, tool, platform, mirror());
        return yield* installTool(artifact, join(root, tool), reporter.report);
      });

      const judge = Effect.fnUntraced(function* (tool: ToolName, path: string) {
        const text = yield* spawner
          .string(
            ChildProcess.make(path, VERSION_ARGUMENTS[tool], { stdin: "ignore", extendEnv: true }),
          )
          .pipe(
            Effect.timeout(VERSION_TIMEOUT),
            Effect.orElseSucceed(() => ""),
          );
        return judgeTool(tool, text.replace(/^Client Version:\s*/, ""));
      });

      /** What else is on this machine, when the pinned one cannot be had. */
      const substitute = Effect.fnUntraced(function* (tool: ToolName, problem: string) {
        const cached = yield* Effect.filter(
          cachedTools(root, tool).map(({ path }) => ({ path, origin: "cache" as const })),
          ({ path }) => intact(path),
        );
        const found = onPath(tool);
        const candidates: ReadonlyArray<{ path: string; origin: "cache" | "PATH" }> = [
          ...cached,
          ...(found === undefined ? [] : [{ path: found, origin: "PATH" as const }]),
        ];
        const refused: Array<string> = [];
        for (const { path, origin } of candidates) {
          const verdict = yield* judge(tool, path);
          if (verdict._tag === "Unsuitable") {
            refused.push(`${path}: ${describeUnsuitable(verdict.why)}`);
            continue;
          }
          yield* reporter.report({
            _tag: "Warning",
            warning: {
              code: "tool-not-downloaded",
              tool,
              version: pins.tools[tool].version,
              problem,
              path,
              found: verdict.version,
            },
          });
          return { name: tool, path, origin } satisfies Tool;
        }
        return yield* new ToolMissing({
          tool,
          searched: [
            join(root, tool),
            `download: ${problem}`,
            ...(refused.length > 0 ? refused : []),
            ...(found === undefined ? ["the PATH"] : []),
          ],
        });
      });

      const pinnedInCache = (tool: ToolName): Tool | undefined => {
        const { version } = pins.tools[tool];
        const cached = cachedTools(root, tool).find((candidate) => candidate.version === version);
        return cached === undefined
          ? undefined
          : { name: tool, path: cached.path, origin: "cache" };
      };

      /** A tool that changed since it was unpacked is not run: it is downloaded again. */
      const unchangedInCache = Effect.fnUntraced(function* (tool: ToolName) {
        const found = pinnedInCache(tool);
        if (found === undefined || (yield* intact(found.path))) return found;
        const { path } = found;
        yield* reporter.report({ _tag: "Warning", warning: { code: "tool-changed", tool, path } });
        return undefined;
      });

      const search = Effect.fnUntraced(function* (tool: ToolName) {
        const given = fromEnvironment(tool);
        if (given instanceof ToolMissing) return yield* given;
        const present = given ?? (yield* unchangedInCache(tool));
        if (present !== undefined) {
          const open =
            present.origin === "cache"
              ? changeableByOthers(resolve(root), resolve(present.path))
              : undefined;
          if (open !== undefined) {
            yield* reporter.report({
              _tag: "Warning",
              warning: { code: "tool-replaceable", path: present.path, writable: open },
            });
          }
          return present;
        }
        return yield* download(tool).pipe(
          Effect.map((path): Tool => ({ name: tool, path, origin: "cache" })),
          Effect.catch(({ message }) => substitute(tool, message)),
        );
      });

      const present = (tool: ToolName): Effect.Effect<Tool, ToolMissing> =>
        Effect.suspend(() => {
          const found = fromEnvironment(tool) ?? pinnedInCache(tool);
          if (found instanceof ToolMissing) return Effect.fail(found);
          if (found !== undefined) return Effect.succeed(found);
          const path = cachedTools(root, tool)[0]?.path;
          if (path !== undefined)
            return Effect.succeed<Tool>({ name: tool, path, origin: "cache" });
          const other = onPath(tool);
          return other === undefined
            ? Effect.fail(new ToolMissing({ tool, searched: [join(root, tool), "the PATH"] }))
            : Effect.succeed<Tool>({ name: tool, path: other, origin: "PATH" });
        });

      const ready = Effect.fnUntraced(function* (tool: ToolName) {
        const found = fromEnvironment(tool) ?? pinnedInCache(tool);
        if (found instanceof ToolMissing) return yield* found;
        const isReady =
          found !== undefined && (found.origin === "environment" || (yield* intact(found.path)));
        return isReady ? found : yield* new ToolMissing({ tool, searched: [join(root, tool)] });
      });

      const searches = new Map<ToolName, Effect.Effect<Tool, ToolMissing>>();
      for (const tool of TOOL_NAMES) {
        // Asked for many times in a run; one failed download is enough.
        searches.set(tool, yield* Effect.cached(search(tool)));
      }
      return ToolCache.of({
        locate: (tool, { download: mayDownload, verified = false } = { download: true }) => {
          if (mayDownload) return searches.get(tool) ?? search(tool);
          return verified ? ready(tool) : present(tool);
        },
      });
    }),
  );
