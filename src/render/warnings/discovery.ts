import type { DISCOVERY_WARNINGS } from "../../domain/report/warnings/discovery.ts";
import { describeRecord } from "../../words/release/record-flaw.ts";
import type { Words } from "./words.ts";

const SOURCES = {
  flag: "the flag",
  release: "the live release",
  identity: "the identity file",
};

export const DISCOVERY_WORDS: Words<keyof typeof DISCOVERY_WARNINGS> = {
  "record-flawed": ({ namespace, record }) =>
    `${describeRecord(namespace, record)}; this upgrade does not need it`,
  "deployed-unproven": ({ revision, goesBackTo }) => {
    const back =
      goesBackTo === undefined ? "" : `; a failed upgrade goes back to revision ${goesBackTo}`;
    return `Helm reports revision ${revision} as deployed, but its data plane was never seen to work${back}`;
  },
  "service-account-changes": ({ given, live }) =>
    `the data plane will use service account ${given} instead of ${live}`,
  "scale-kept": ({ object, field, live, chart, value }) =>
    `${object} keeps ${field} ${live}, not the chart's ${chart} (value ${value})`,
  "sources-differ": ({ path, used, ignored }) =>
    `${path}: ${SOURCES[used]} and ${SOURCES[ignored]} differ; using ${SOURCES[used]}`,
  "collector-endpoint-insecure": () =>
    "the OTel collector's endpoint is http://: its Authorization header can be read in transit",
  "flag-set-at-installation": ({ given, key, configMap, live, command }) => {
    const stays = live === undefined ? "unset" : JSON.stringify(live);
    const remedy = command === undefined ? "" : `; to change it: ${command}`;
    return `${given} changes nothing: ${key} in ConfigMap ${configMap} is set at installation only, and stays ${stays}${remedy}`;
  },
  "flag-needs-collector": ({ given }) =>
    `${given} changes nothing while the OTel collector is off: --enable-otel-collector turns it on`,
  "flag-unused": ({ given }) =>
    `${given} changes nothing: with these values no object of the release is made from it`,
  "embedded-crds-missing": ({ crds }) =>
    `this build lacks ${crds.length} upstream CRDs (npm run chart:package puts them in), those on the cluster stay as they are: ${crds.join(", ")}`,
  "history-incomplete": ({ cause }) => `the history is incomplete: ${cause}`,
};
