/**
 * Draws a run from the spans it wrote: TARE_TRACE=trace.jsonl tare upgrade identity.json, then
 * node bench/timeline.ts trace.jsonl docs/timeline.svg
 */
import { writeFileSync } from "node:fs";
import type { TracedSpan } from "../src/services/disk/trace-file.ts";
import { readTrace } from "./breakdown.ts";

const WIDTH = 960;
const LABELS = 290;
const ROW = 15;
const TOP = 28;

const COLOURS: Readonly<Record<string, string>> = {
  phase: "#94a3b8",
  helm: "#2563eb",
  api: "#16a34a",
  other: "#d97706",
};

const kindOf = ({ name }: TracedSpan): string => {
  if (name.startsWith("tare.phase.")) return "phase";
  if (name === "helm") return "helm";
  return name === "kube.call" ? "api" : "other";
};

const labelOf = ({ name, attributes }: TracedSpan): string => {
  if (name === "helm") return `helm ${String(attributes.command)}`;
  return name === "kube.call" ? String(attributes.request) : name.replace("tare.phase.", "");
};

/** What waits for others only says what they already say. */
const OTHERS = new Set(["ChartSource.resolve", "CrdBackups.save", "kube.connect", "tare.gate"]);
const isDrawn = (span: TracedSpan): boolean => kindOf(span) !== "other" || OTHERS.has(span.name);

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const shortened = (text: string): string => (text.length > 46 ? `${text.slice(0, 45)}…` : text);

/** A step that leaves at most ten lines. */
const stepFor = (millis: number): number =>
  [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000].find((step) => millis / step <= 10) ??
  60_000;

export const timelineSvg = (trace: ReadonlyArray<TracedSpan>): string => {
  const spans = trace.filter(isDrawn).sort((a, b) => a.start - b.start || b.end - a.end);
  const begin = Math.min(...spans.map(({ start }) => start));
  const whole = Math.max(...spans.map(({ end }) => end)) - begin;
  const height = TOP + spans.length * ROW + 8;
  const x = (at: number) => LABELS + ((at - begin) / whole) * (WIDTH - LABELS - 60);
  const step = stepFor(whole);
  const grid = Array.from({ length: Math.floor(whole / step) + 1 }, (_, index) => {
    const at = x(begin + index * step).toFixed(1);
    return `<line x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${height}" stroke="#e2e8f0"/><text x="${at}" y="${TOP - 10}" text-anchor="middle">${(index * step) / 1000} s</text>`;
  });
  const rows = spans.map((span, row) => {
    const [left, top] = [x(span.start), TOP + row * ROW];
    const wide = Math.max(1, x(span.end) - left);
    const took = (span.end - span.start).toFixed(0);
    const bold = kindOf(span) === "phase" ? ' font-weight="bold"' : "";
    return `<text x="4" y="${top + 10}"${bold}>${escaped(shortened(labelOf(span)))}</text><rect x="${left.toFixed(1)}" y="${top + 2}" width="${wide.toFixed(1)}" height="${ROW - 4}" fill="${COLOURS[kindOf(span)]}"/><text x="${(left + wide + 3).toFixed(1)}" y="${top + 10}" fill="#64748b">${took} ms</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="10" fill="#0f172a">`,
    "<title>Timeline of a run</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...grid,
    ...rows,
    "</svg>\n",
  ].join("\n");
};

if (import.meta.main) {
  const [from, to] = process.argv.slice(2);
  if (from === undefined || to === undefined) {
    console.error("usage: node bench/timeline.ts <trace.jsonl> <picture.svg>");
    process.exit(2);
  }
  writeFileSync(to, timelineSvg(readTrace(from)));
}
