/** Variables that hold a secret: for the flags alone, not for helm, its plugins, credential plugins and shells. */
export const SECRET_VARIABLES = [
  "TARE_OTEL_EXPORTER_AUTH_HEADERS",
  "TARE_IMAGE_PULL_SECRET",
] as const;

/** What the environment was, and what no child process inherits from now on. */
export const takeSecrets = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const before = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  for (const name of SECRET_VARIABLES) delete env[name];
  return before;
};
