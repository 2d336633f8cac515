export const unsupportedHelm = (version: string): string =>
  `${version} is not supported; Helm 3 or 4 is needed`;
