import { Redacted } from "effect";
import type { KubeObject } from "../kube/objects.ts";
import type { Identity } from "./identity.ts";

export const IDENTITY_SECRET = "tars-identity";

/** The Secret that the data plane signs its requests with; it never passes through Helm, whose history is kept. */
export const identitySecret = (identity: Identity, namespace: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: IDENTITY_SECRET,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "tare" },
  },
  type: "Opaque",
  data: {
    "identity.json": Buffer.from(
      JSON.stringify({ ...identity, privateKey: Redacted.value(identity.privateKey) }),
    ).toString("base64"),
  },
});
