import manifest from "../package.json" with { type: "json" };

/** The version of this tool, which is also that of the chart it embeds. */
export const CLI_VERSION: string = manifest.version;
