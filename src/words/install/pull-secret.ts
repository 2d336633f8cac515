import type { PullSecretProblem } from "../../domain/install/pull-secret.ts";

/** What is wrong with a pull secret, without a word of it. */
export const describePullSecretProblem = (problem: PullSecretProblem): string => {
  switch (problem._tag) {
    case "Empty":
      return "expected a dockerconfigjson, found nothing";
    case "NeitherJsonNorBase64":
      return "expected a dockerconfigjson, as JSON or in base64; it is neither";
    case "NotJson":
      return "expected a dockerconfigjson; it is not JSON";
    case "WithoutAuths":
      return 'expected a dockerconfigjson with credentials under "auths"';
    case "OtherHosts":
      return `expected credentials for ${problem.wanted}, found those for ${problem.found.join(", ")}`;
    case "WithoutCredentials":
      return `the credentials for ${problem.host} are neither a user and password nor both in base64`;
  }
};
