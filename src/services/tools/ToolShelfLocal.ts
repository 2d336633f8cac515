import { mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Effect, Layer } from "effect";
import type { ToolsChoice } from "../../domain/kube/cluster-choice.ts";
import {
  type Artifact,
  artifactOf,
  isOffered,
  type Platform,
  platformOf,
  TOOL_NAMES,
  type ToolName,
} from "../../domain/tools/pins.ts";
import { makeFolder } from "../disk/home.ts";
import { Reporter } from "../report/Reporter.ts";
import { diskProblem } from "./files.ts";
import { downloadVerified, InstallFailed, installTool } from "./install.ts";
import { cachedTools, mirror, toolsFolder } from "./places.ts";
import { Pins } from "./settings.ts";
import { ShelfProblem, type ShelvedTool, ToolShelf } from "./ToolShelf.ts";

const files = <A>(run: () => Promise<A>): Effect.Effect<A, InstallFailed> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new InstallFailed({
        reason: diskProblem(cause) ?? (cause as Error).message,
        retryable: false,
      }),
  });

const problemOf =
  (tool: ToolName | undefined) =>
  ({ reason }: InstallFailed): ShelfProblem =>
    new ShelfProblem({ tool, reason });

export const layerToolShelfLocal = (
  choice: ToolsChoice = {},
): Layer.Layer<ToolShelf, never, Reporter> =>
  Layer.effect(
    ToolShelf,
    Effect.gen(function* () {
      const { report } = yield* Reporter;
      const pins = yield* Pins;
      const root = resolve(toolsFolder(choice.toolsDir));
      const { helm, kubectl, crane } = pins.tools;
      const wanted = { helm: helm.version, kubectl: kubectl.version, crane: crane.version };

      const here = platformOf(process.platform, process.arch);
      const offered = TOOL_NAMES.filter(
        (tool) => here !== undefined && isOffered(pins, tool, here),
      );

      const list = Effect.sync(() => ({
        folder: root,
        wanted,
        offered,
        tools: TOOL_NAMES.flatMap((tool) =>
          cachedTools(root, tool).map(
            ({ version, path }): ShelvedTool => ({
              tool,
              version,
              path,
              pinned: version === wanted[tool],
            }),
          ),
        ),
      }));

      const hostPlatform = Effect.suspend(() => {
        const reason = `there is none for ${process.platform} on ${process.arch}`;
        return here === undefined
          ? Effect.fail(new InstallFailed({ reason, retryable: false }))
          : Effect.succeed(here);
      });

      /** Into the folder by rename, so that an interrupted bundle holds whole files only. */
      const bundleOne = Effect.fnUntraced(function* (artifact: Artifact, folder: string) {
        const to = join(folder, artifact.path);
        yield* files(() => makeFolder(dirname(to)));
        yield* Effect.acquireUseRelease(
          files(() => mkdtemp(join(folder, ".partial-"))),
          (partial) => {
            const file = join(partial, "download");
            return Effect.andThen(
              downloadVerified(artifact, file, report),
              files(() => rename(file, to)),
            );
          },
          (partial) => Effect.promise(() => rm(partial, { recursive: true, force: true })),
        );
        return to;
      });

      const bundle = Effect.fn("ToolShelf.bundle")(function* (
        folder: string,
        platforms: ReadonlyArray<Platform>,
      ) {
        const chosen =
          platforms.length > 0
            ? platforms
            : [yield* Effect.mapError(hostPlatform, problemOf(undefined))];
        const written: Array<string> = [];
        for (const platform of chosen) {
          for (const tool of TOOL_NAMES.filter((one) => isOffered(pins, one, platform))) {
            const artifact = artifactOf(pins, tool, platform, mirror());
            written.push(
              yield* Effect.mapError(bundleOne(artifact, resolve(folder)), problemOf(tool)),
            );
          }
        }
        return written;
      });

      return ToolShelf.of({
        list,
        install: (tool) =>
          Effect.flatMap(hostPlatform, (platform) =>
            installTool(artifactOf(pins, tool, platform, mirror()), join(root, tool), report),
          ).pipe(Effect.mapError(problemOf(tool))),
        prune: Effect.gen(function* () {
          const old = (yield* list).tools.filter(({ pinned }) => !pinned);
          for (const { tool, path } of old) {
            yield* Effect.mapError(
              files(() => rm(dirname(path), { recursive: true })),
              problemOf(tool),
            );
          }
          return old;
        }),
        bundle,
      });
    }),
  );
