/** What is said of an installation before it begins. */
import type { InstallSummary } from "../../../domain/install/summary.ts";

export const summaryLines = (summary: InstallSummary): ReadonlyArray<string> => {
  const { release, context, server, changes } = summary;
  const settings = [
    summary.registry === "" ? "public registries" : `registry ${summary.registry}`,
    ...(summary.customer === "" ? [] : [`customer ${summary.customer}`]),
    ...(summary.environment === "" ? [] : [`environment ${summary.environment}`]),
    ...(summary.deploymentMode === "" ? [] : [summary.deploymentMode]),
    summary.ha ? "HA" : "one proxy, not HA",
  ];
  return [
    changes === undefined
      ? `installing ${summary.version} (${summary.chart}) as release ${release.name} in ${release.namespace}, data plane in ${summary.dataplaneNamespace}`
      : `changing release ${release.name} in ${release.namespace} (revision ${changes}), version ${summary.version} stays`,
    `cluster ${server}${context === undefined ? "" : ` (context ${context})`}`,
    settings.join(", "),
    ...(summary.serveUrl === "" ? [] : [`clients reach it at ${summary.serveUrl}`]),
    ...(summary.pullSecret === "" ? [] : [`images are pulled with Secret ${summary.pullSecret}`]),
  ];
};
