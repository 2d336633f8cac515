import { ClusterUnavailable } from "../../errors.ts";

/** What was being done when the cluster, or Helm on its behalf, did not answer. */
export const unavailable =
  (doing: string) =>
  ({ message }: { readonly message: string }): ClusterUnavailable =>
    new ClusterUnavailable({ doing, detail: message });
