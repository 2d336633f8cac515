/** The blocks of docs/benchmarks.md that the benchmarks write themselves; the text around them is people's. */

/** Replaces what is between the markers of that name. */
export const pageWith = (page: string, name: string, block: string): string => {
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- end of bench: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page has lost its markers of ${name}`);
  return `${page.slice(0, from + begin.length)}\n${block}\n${page.slice(to)}`;
};
