import type { ToolEvent } from "../../../domain/tools/events.ts";

type Progress = Extract<ToolEvent, { readonly _tag: "ToolDownloadProgress" }>;

const WIDTH = 24;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const bar = ({ tool, version, received, total }: Progress): string => {
  if (total === undefined) return `${tool} ${version} ${megabytes(received)} MB`;
  const share = Math.min(1, received / total);
  const filled = Math.round(share * WIDTH);
  const drawn = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
  return `${tool} ${version} ${drawn} ${megabytes(received)}/${megabytes(total)} MB`;
};

/** All downloads under way on the one line that is redrawn in place; cut, since a line that wraps cannot be. */
export const progressLine = (downloads: ReadonlyArray<Progress>, columns: number): string =>
  downloads
    .map(bar)
    .join("   ")
    .slice(0, Math.max(0, columns - 1));
