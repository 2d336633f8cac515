/** Which file of which project is the tool for a platform, where it is, and what its hash must be. */
export type ToolName = "helm" | "kubectl";
export const TOOL_NAMES: ReadonlyArray<ToolName> = ["helm", "kubectl"];

interface ToolPin {
  readonly version: string;
  /** By platform, as the project published it; a platform may be missing (see `Artifact.checksumUrl`). */
  readonly sha256: Readonly<Partial<Record<string, string>>>;
}

export interface ToolPins {
  readonly tools: Readonly<Record<ToolName, ToolPin>>;
  /** Where the project itself offers its downloads. */
  readonly official: Readonly<Record<ToolName, string>>;
}

export const OFFICIAL: ToolPins["official"] = {
  helm: "https://get.helm.sh",
  kubectl: "https://dl.k8s.io",
};

export const PLATFORMS = [
  "linux-amd64",
  "linux-arm64",
  "darwin-amd64",
  "darwin-arm64",
  "windows-amd64",
  "windows-arm64",
] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The projects' word for what Node calls this machine. */
export const platformOf = (os: string, arch: string): Platform | undefined => {
  const word = `${os === "win32" ? "windows" : os}-${arch === "x64" ? "amd64" : arch}`;
  return PLATFORMS.find((platform) => platform === word);
};

export const executableName = (tool: ToolName, platform: string): string =>
  platform.startsWith("windows") ? `${tool}.exe` : tool;

export interface Artifact {
  readonly tool: ToolName;
  readonly version: string;
  readonly platform: Platform;
  /** Below the project's address, and below a mirror of it. */
  readonly path: string;
  readonly packing: "tar.gz" | "zip" | "none";
  /** The one file that is taken out of an archive. */
  readonly entry: string;
  readonly executable: string;
  readonly url: string;
  readonly sha256: string | undefined;
  /** The project's own checksum file, for a platform without a pinned hash. Never taken from a mirror. */
  readonly checksumUrl: string;
}

export const artifactOf = (
  pins: ToolPins,
  tool: ToolName,
  platform: Platform,
  mirror?: string,
): Artifact => {
  const { version, sha256 } = pins.tools[tool];
  const executable = executableName(tool, platform);
  const packing = tool === "kubectl" ? "none" : platform.startsWith("windows") ? "zip" : "tar.gz";
  const path =
    tool === "helm"
      ? `helm-v${version}-${platform}.${packing}`
      : `release/v${version}/bin/${platform.replace("-", "/")}/${executable}`;
  const published = tool === "helm" ? `${path}.sha256sum` : `${path}.sha256`;
  return {
    tool,
    version,
    platform,
    path,
    packing,
    entry: `${platform}/${executable}`,
    executable,
    url: `${mirror === undefined ? trimmed(pins.official[tool]) : mirrorBase(mirror, tool)}/${path}`,
    sha256: sha256[platform],
    checksumUrl: `${trimmed(pins.official[tool])}/${published}`,
  };
};

const trimmed = (url: string): string => url.replace(/\/+$/, "");

/** `{tool}` stands for the tool's name, for mirrors that keep each project in a repository of its own. */
const mirrorBase = (mirror: string, tool: ToolName): string =>
  trimmed(mirror.replaceAll("{tool}", tool));

/** An URL fit to be shown: names and passwords, and tokens in a query, are left out. */
export const shownUrl = (url: string): string => {
  const shown = URL.parse(url);
  if (shown === null) return url;
  shown.username = "";
  shown.password = "";
  shown.search = "";
  return shown.href;
};

/** The first word of a checksum file, whether or not the file's name follows. */
export const publishedHash = (text: string): string | undefined =>
  /^\s*([0-9a-f]{64})(?=\s|$)/i.exec(text)?.[1]?.toLowerCase();
