/**
 * Of the Kubernetes client only the reading of kubeconfigs is used. Its generated API and its HTTP library would otherwise
 * be loaded with it: a third of the program's memory, for nothing that is called.
 */
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

const CONFIG = /@kubernetes[\\/]client-node[\\/]dist[\\/]config\.js$/;

/** Kubeconfigs take two names from the barrel of two thousand modules. */
const GENERATED_NAMES = `
export { createConfiguration } from "./configuration.js";
export { ServerConfiguration } from "./servers.js";
`;

/** The same exports, each loaded when it is first asked for. */
const HTTP_ON_FIRST_USE = `
for (const name of ["Agent", "ProxyAgent", "fetch"]) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => require("undici")[name] });
}
`;

export const leanClient: Plugin = {
  name: "lean-client",
  setup(build) {
    build.onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer, resolveDir }) =>
      CONFIG.test(importer)
        ? { path: join(resolveDir, "gen", "index.js"), namespace: "generated-names" }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "generated-names" }, ({ path }) => ({
      contents: GENERATED_NAMES,
      resolveDir: dirname(path),
    }));
    build.onResolve({ filter: /^undici$/ }, ({ namespace, resolveDir }) =>
      namespace === "on-first-use"
        ? undefined
        : { path: "undici", namespace: "on-first-use", pluginData: resolveDir },
    );
    build.onLoad({ filter: /.*/, namespace: "on-first-use" }, ({ pluginData }) => ({
      contents: HTTP_ON_FIRST_USE,
      resolveDir: String(pluginData),
    }));
  },
};
