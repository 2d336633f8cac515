/** Which file of which project is the tool for a platform, where it is, and what its hash must be. */
export type ToolName = "helm" | "kubectl" | "crane";
export const TOOL_NAMES: ReadonlyArray<ToolName> = ["helm", "kubectl", "crane"];

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
  crane: "https://github.com",
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
  /** The project's own checksum file. Never taken from a mirror. */
  readonly checksumUrl: string;
  /** Whether that file, read over TLS, stands in for a pinned hash; else a platform without one gets no tool from us. */
  readonly trustsChecksumFile: boolean;
}

interface Place {
  readonly path: string;
  readonly checksums: string;
  readonly packing: Artifact["packing"];
  readonly entry: string;
}

const helmPlace = (version: string, platform: Platform): Place => {
  const packing = platform.startsWith("windows") ? "zip" : "tar.gz";
  const path = `helm-v${version}-${platform}.${packing}`;
  const entry = `${platform}/${executableName("helm", platform)}`;
  return { path, checksums: `${path}.sha256sum`, packing, entry };
};

const kubectlPlace = (version: string, platform: Platform): Place => {
  const entry = executableName("kubectl", platform);
  const path = `release/v${version}/bin/${platform.replace("-", "/")}/${entry}`;
  return { path, checksums: `${path}.sha256`, packing: "none", entry };
};

/** Its files have the names that GoReleaser gives to systems and machines. */
const cranePlace = (version: string, platform: Platform): Place => {
  const [system = "", machine = ""] = platform.split("-");
  const shown = `${system.charAt(0).toUpperCase()}${system.slice(1)}_${machine === "amd64" ? "x86_64" : machine}`;
  const folder = `google/go-containerregistry/releases/download/v${version}`;
  return {
    path: `${folder}/go-containerregistry_${shown}.tar.gz`,
    checksums: `${folder}/checksums.txt`,
    packing: "tar.gz",
    entry: executableName("crane", platform),
  };
};

const PLACES: Readonly<Record<ToolName, (version: string, platform: Platform) => Place>> = {
  helm: helmPlace,
  kubectl: kubectlPlace,
  crane: cranePlace,
};

export const artifactOf = (
  pins: ToolPins,
  tool: ToolName,
  platform: Platform,
  mirror?: string,
): Artifact => {
  const { version, sha256 } = pins.tools[tool];
  const { path, checksums, packing, entry } = PLACES[tool](version, platform);
  return {
    tool,
    version,
    platform,
    path,
    packing,
    entry,
    executable: executableName(tool, platform),
    url: `${mirror === undefined ? trimmed(pins.official[tool]) : mirrorBase(mirror, tool)}/${path}`,
    sha256: sha256[platform],
    checksumUrl: `${trimmed(pins.official[tool])}/${checksums}`,
    trustsChecksumFile: tool !== "crane",
  };
};

/** Whether this build can have the tool for the platform at all: nothing unverified is run. */
export const isOffered = (pins: ToolPins, tool: ToolName, platform: Platform): boolean => {
  const { sha256, trustsChecksumFile } = artifactOf(pins, tool, platform);
  return sha256 !== undefined || trustsChecksumFile;
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

/**
 * What a checksum file says: of a file of many lines the one of the file that is asked for, else its first word, whether or
 * not a name follows.
 */
export const publishedHash = (text: string, file = ""): string | undefined => {
  const lines = text.split("\n");
  const own = lines.find((line) => line.trim().split(/\s+\*?/)[1] === file) ?? lines[0] ?? "";
  return /^\s*([0-9a-f]{64})(?=\s|$)/i.exec(own)?.[1]?.toLowerCase();
};
