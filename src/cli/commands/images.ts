import { Effect, type Layer, Option, Redacted } from "effect";
import { Argument, Command } from "effect/cli";
import type { ImageRequest, SyncRequest } from "../../domain/images/request.ts";
import type { ClusterChoice } from "../../domain/kube/cluster-choice.ts";
import { IMAGES } from "../../domain/run/operation.ts";
import type { OperatorError } from "../../errors.ts";
import { listImages, planImageSync, syncImages, verifyImages } from "../../operations/images.ts";
import { NO_CLUSTER } from "../../render/hints/hints.ts";
import { printLine } from "../../render/text/print.ts";
import { flagsOf, givenFlags, toggle } from "../flags/declared-flag.ts";
import { OUTPUT_FLAG } from "../flags/output.ts";
import { TOOLS_DIR_FLAG } from "../flags/shared-flags.ts";
import { NAMED_REGISTRY, UPGRADE_FLAGS } from "../flags/upgrade-flags.ts";
import { chartReference } from "../flags/upgrade-input.ts";
import { readValues } from "../flags/values-file.ts";
import { IMAGES_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { IMAGES_EXIT_CODES } from "./exit-codes.ts";

const { chartPath, chartVersion, imageTag, values } = UPGRADE_FLAGS;

/** Which images are meant. */
const OF_IMAGES = { values, chartPath, chartVersion, imageTag };
const OF_COPY = {
  dryRun: toggle("dry-run", false, {
    help: "Show what would be copied and what is in the way, without copying",
  }),
  overwrite: toggle("overwrite", false, {
    help: "Replace what is under a tag that holds another image",
  }),
};

/** Every flag of `tare images sync`; the other two take those that are not about copying. */
export const IMAGES_FLAGS = { ...OF_COPY, ...OF_IMAGES, output: OUTPUT_FLAG };

const registry = Argument.String("registry").pipe(
  Argument.withDescription("The registry they are to be in: a host, with an optional path"),
  Argument.filter(
    (text) => NAMED_REGISTRY.test(text),
    () => "a registry with an optional path, e.g. registry.example.com/tars",
  ),
);

const imageFlags = flagsOf(OF_IMAGES);
const outputFlag = OUTPUT_FLAG.flag;

type ImagesInput = Command.Command.Config.Infer<typeof imageFlags>;

const requestOf = Effect.fnUntraced(function* (input: ImagesInput) {
  const request: ImageRequest = {
    chart: yield* chartReference(input),
    values: Redacted.value(yield* readValues(input.values)),
    imageTag: Option.getOrUndefined(input.imageTag),
  };
  return request;
});

const wordsOf = (input: ImagesInput): ReadonlyArray<string> =>
  givenFlags(OF_IMAGES, input).flatMap(({ words }) => words);

/** The images that the flags mean, for the registry. */
const syncRequest = Effect.fnUntraced(function* (
  input: ImagesInput & Pick<SyncRequest, "registry" | "overwrite">,
) {
  const { registry: to, overwrite } = input;
  const words = wordsOf(input);
  const request: SyncRequest = { ...(yield* requestOf(input)), registry: to, overwrite, words };
  return request;
});

/** Reports an error together with the command that was run. */
const reporting =
  (...words: ReadonlyArray<string>) =>
  <A, E extends OperatorError, R>(work: Effect.Effect<A, E, R>) =>
    Effect.catch(work, (error) =>
      reportOperatorError(error, { ...NO_CLUSTER, ran: { operation: IMAGES, words } }),
    ).pipe(Effect.interruptible);

const list = Command.make("list", { ...imageFlags, output: outputFlag }, (input) =>
  Effect.gen(function* () {
    const references = yield* listImages(yield* requestOf(input));
    if (input.output === "json") return;
    for (const reference of references) yield* printLine(reference);
  }).pipe(reporting("list", ...wordsOf(input))),
).pipe(
  Command.withDescription("Print the images of the chart, where they are public, one to a line"),
  Command.annotate(HelpExtrasOf, { flags: OF_IMAGES }),
);

const sync = Command.make(
  "sync",
  { registry, ...imageFlags, ...flagsOf(OF_COPY), output: outputFlag },
  (input) => {
    const words = givenFlags(OF_COPY, input).flatMap((flag) => flag.words);
    return Effect.flatMap(syncRequest(input), (request) =>
      input.dryRun ? Effect.asVoid(planImageSync(request)) : Effect.asVoid(syncImages(request)),
    ).pipe(reporting("sync", input.registry, ...words, ...wordsOf(input)));
  },
).pipe(
  Command.withShortDescription("Copy the images of the chart that are not in the registry"),
  Command.withDescription(
    "Copy every image of the chart that the registry lacks: all platforms, byte for byte. All problems are found first and listed at once.",
  ),
  Command.annotate(HelpExtrasOf, {
    exitCodes: IMAGES_EXIT_CODES,
    environment: IMAGES_ENVIRONMENT,
    flags: IMAGES_FLAGS,
  }),
);

const verify = Command.make("verify", { registry, ...imageFlags, output: outputFlag }, (input) =>
  Effect.flatMap(syncRequest({ ...input, overwrite: false }), verifyImages).pipe(
    reporting("verify", input.registry, ...wordsOf(input)),
  ),
).pipe(
  Command.withDescription(
    "Check that the registry has every image of the chart, identical to its source",
  ),
  Command.annotate(HelpExtrasOf, { exitCodes: IMAGES_EXIT_CODES, flags: OF_IMAGES }),
);

/** The images of the chart, in public and in a registry of one's own. */
export const imagesCommand = <S, R>(
  services: (choice: ClusterChoice) => Layer.Layer<S, never, R>,
) =>
  Command.make("images").pipe(
    Command.withDescription("Bring the images of the chart into your own registry."),
    Command.annotate(HelpExtrasOf, { environment: IMAGES_ENVIRONMENT }),
    Command.withSharedFlags({ toolsDir: TOOLS_DIR_FLAG.flag }),
    Command.withSubcommands([list, sync, verify]),
    Command.provide(({ toolsDir }) =>
      services({
        kubeconfig: undefined,
        context: undefined,
        ...(Option.isSome(toolsDir) ? { toolsDir: toolsDir.value } : {}),
      }),
    ),
  );
