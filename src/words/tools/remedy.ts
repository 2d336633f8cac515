import { type Hint, hint, shell } from "../../domain/hints/hint.ts";
import type { ToolName } from "../../domain/tools/pins.ts";

/** What to do when a tool can be had nowhere: bring a network, carry the files, or name a binary. */
export const toolRemedy = (tool: ToolName): Hint =>
  hint(
    `Get ${tool} in one of three ways:`,
    shell(
      "HTTPS_PROXY=http://PROXY:PORT tare tools install   # through a proxy; or TARE_TOOLS_MIRROR=URL for a mirror",
    ),
    shell(
      "TARE_TOOLS_MIRROR=/path/to/tare-tools tare tools install   # carried here; made elsewhere by: tare tools bundle tare-tools",
    ),
    shell(
      `export TARE_${tool.toUpperCase()}=/path/to/${tool}   # one that is already on this machine`,
    ),
  );
