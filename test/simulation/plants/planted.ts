import type { Plant } from "./plants.ts";

/** The source with the bug in it; a plant that does not fit the source any more, or fits twice, is an error. */
export const planted = (source: string, { name, search, replacement, file }: Plant): string => {
  const [before, after, ...more] = source.split(search);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      `"${name}": its text occurs ${more.length === 0 ? 0 : more.length + 1} times in ${file}`,
    );
  }
  return before + replacement + after;
};
