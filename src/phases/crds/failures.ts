import { ClusterUnavailable, CrdRightsMissing } from "../../errors.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";

/** A call that is needed before anything is written; missing permissions are kept apart, since they have a remedy. */
export const unavailableOrForbidden =
  (doing: string) =>
  (error: KubectlError): ClusterUnavailable | CrdRightsMissing =>
    error.reason === "Forbidden"
      ? new CrdRightsMissing({ missing: [{ doing, detail: error.detail }] })
      : new ClusterUnavailable({ doing, detail: error.message });
