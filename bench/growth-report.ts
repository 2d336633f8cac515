/** What `bench/growth.ts` saw, as a table and as a picture. */
export interface Growth {
  readonly what: string;
  readonly size: number;
  readonly millis: number;
  /** Peak of the whole run. */
  readonly mebibytes: number;
}

/** Twice the work may take twice the time; noise of a small first value is not growth. */
const NOISE = 1.25;

const groups = (rows: ReadonlyArray<Growth>): ReadonlyArray<ReadonlyArray<Growth>> =>
  [...new Set(rows.map(({ what }) => what))].map((what) => rows.filter((row) => row.what === what));

const growthOf = (row: Growth, before: Growth | undefined): string => {
  if (before === undefined) return "";
  const [work, time] = [row.size / before.size, row.millis / before.millis];
  const worse = time > work * NOISE ? ": worse than linear" : "";
  return `${work.toFixed(1)} times the work, ${time.toFixed(1)} times the time${worse}`;
};

export const growthTable = (rows: ReadonlyArray<Growth>): string =>
  [
    "| | how many | time | peak memory | against the row before |",
    "| --- | --- | --- | --- | --- |",
    ...groups(rows).flatMap((group) =>
      group.map(
        (row, index) =>
          `| ${row.what} | ${row.size} | ${row.millis.toFixed(0)} ms | ${row.mebibytes.toFixed(0)} MiB | ${growthOf(row, group[index - 1])} |`,
      ),
    ),
  ].join("\n");

const [WIDTH, HEIGHT, MARGIN] = [640, 360, 48];
const COLOURS = ["#2563eb", "#16a34a", "#d97706", "#dc2626"];
const [LARGEST, LONGEST] = [10_000, 1_000_000];

const x = (size: number): number =>
  MARGIN + (Math.log10(size / 10) / Math.log10(LARGEST / 10)) * (WIDTH - 2 * MARGIN);
const y = (millis: number): number =>
  HEIGHT - MARGIN - (Math.log10(Math.max(1, millis)) / Math.log10(LONGEST)) * (HEIGHT - 2 * MARGIN);

const decades = (from: number, to: number): ReadonlyArray<number> =>
  from > to ? [] : [from, ...decades(from * 10, to)];

const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${style}/>`;

/** Both axes logarithmic: what grows with the work is as steep as the dashed line, what grows faster is steeper. */
export const growthSvg = (rows: ReadonlyArray<Growth>): string => {
  const grid = [
    ...decades(10, LARGEST).map(
      (size) =>
        `${line(x(size), MARGIN, x(size), HEIGHT - MARGIN, 'stroke="#e2e8f0"')}<text x="${x(size).toFixed(1)}" y="${HEIGHT - MARGIN + 14}" text-anchor="middle">${size}</text>`,
    ),
    ...decades(1, LONGEST).map(
      (millis) =>
        `${line(MARGIN, y(millis), WIDTH - MARGIN, y(millis), 'stroke="#e2e8f0"')}<text x="${MARGIN - 4}" y="${(y(millis) + 3).toFixed(1)}" text-anchor="end">${millis < 1000 ? `${millis} ms` : `${millis / 1000} s`}</text>`,
    ),
    line(x(10), y(10), x(10_000), y(10_000), 'stroke="#94a3b8" stroke-dasharray="4 4"'),
  ];
  const curves = groups(rows).map((group, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const points = group.map(({ size, millis }) => `${x(size).toFixed(1)},${y(millis).toFixed(1)}`);
    const dots = points.map((point) => {
      const [left, top] = point.split(",");
      return `<circle cx="${left}" cy="${top}" r="3" fill="${colour}"/>`;
    });
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}<text x="${MARGIN + 8}" y="${MARGIN + 14 + index * 14}" fill="${colour}">${group[0]?.what}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="10" fill="#0f172a">`,
    "<title>Time by size, both axes logarithmic</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...grid,
    ...curves,
    "</svg>\n",
  ].join("\n");
};
