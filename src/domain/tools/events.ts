import type { ToolName } from "./pins.ts";

/** What happens while a tool arrives. Between start and end there can be any number of progress events. */
export type ToolEvent =
  | {
      readonly _tag: "ToolDownloadStarted";
      readonly tool: ToolName;
      readonly version: string;
      readonly platform: string;
      /** Without names, passwords and tokens. */
      readonly source: string;
    }
  | {
      readonly _tag: "ToolDownloadProgress";
      readonly tool: ToolName;
      readonly version: string;
      readonly received: number;
      /** Unknown when the other side does not say. */
      readonly total: number | undefined;
    }
  | {
      readonly _tag: "ToolDownloadEnded";
      readonly tool: ToolName;
      readonly version: string;
      readonly bytes: number;
      /** False: it broke off, or was given up. */
      readonly complete: boolean;
    }
  | {
      /** Another process is at it. */
      readonly _tag: "ToolAwaited";
      readonly tool: ToolName;
      readonly version: string;
      readonly owner: string;
    }
  | {
      readonly _tag: "ToolInstalled";
      readonly tool: ToolName;
      readonly version: string;
      readonly path: string;
      readonly sha256: string;
      /** False: there was no pinned hash; the project's checksum file was read over TLS instead. */
      readonly pinned: boolean;
    };
