import { Context } from "effect";
import { OFFICIAL, type ToolPins } from "../../domain/tools/pins.ts";
import pinned from "./pins.json" with { type: "json" };

/** The versions and hashes of this build; `scripts/refresh-tool-pins.ts` writes them. Tests bring their own. */
export const Pins = Context.Reference<ToolPins>("tare/ToolPins", {
  defaultValue: () => ({ tools: pinned, official: OFFICIAL }),
});

export interface DownloadLimits {
  /** Nothing, or next to nothing, arrived for so long: the other side is gone. */
  readonly stallMillis: number;
  readonly maxBytes: number;
  readonly maxUnpackedBytes: number;
  readonly redirects: number;
  /** Of failures that can pass: 5xx, a connection cut short. */
  readonly retries: number;
  readonly retryAfterMillis: number;
}

const MiB = 1024 * 1024;

export const Limits = Context.Reference<DownloadLimits>("tare/ToolDownloadLimits", {
  defaultValue: () => ({
    stallMillis: 20_000,
    maxBytes: 256 * MiB,
    maxUnpackedBytes: 1024 * MiB,
    redirects: 5,
    retries: 3,
    retryAfterMillis: 500,
  }),
});
