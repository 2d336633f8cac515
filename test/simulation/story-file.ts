/** Stories on disk: those that were found to break something stay there. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Schema } from "effect";
import { Story } from "./story.ts";

/** A story that once broke an invariant, and what was wrong. */
export const FoundStory = Schema.Struct({
  invariant: Schema.String,
  /** What the story showed, in one sentence. */
  lesson: Schema.String,
  story: Story,
});
export type FoundStory = typeof FoundStory.Type;

export const CORPUS = join(import.meta.dirname, "corpus");
/** Where new ones are put; not part of the repository. */
export const FOUND = join(import.meta.dirname, "found");

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(FoundStory));

export const readStory = (file: string): FoundStory => decode(readFileSync(file, "utf8"));

export const readCorpus = (): ReadonlyArray<readonly [name: string, found: FoundStory]> =>
  readdirSync(CORPUS)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => [name, readStory(join(CORPUS, name))]);

export const writeStory = (found: FoundStory): string => {
  mkdirSync(FOUND, { recursive: true });
  const file = join(FOUND, `seed-${found.story.seed}-${found.invariant}.json`);
  writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
  return file;
};
