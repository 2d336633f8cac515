export interface HelmVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** As Helm prints it, e.g. `v3.21.4`. */
  readonly text: string;
}

/** Parses `helm version --template '{{.Version}}'`. */
export const parseHelmVersion = (text: string): HelmVersion | undefined => {
  const match = /^v?(\d+)\.(\d+)\.(\d+)\S*/.exec(text.trim());
  return match === null
    ? undefined
    : {
        major: Number(match[1]),
        minor: Number(match[2]),
        patch: Number(match[3]),
        text: match[0],
      };
};

export const isSupportedHelm = ({ major }: HelmVersion): boolean => major === 3 || major === 4;
