/** Whether the identity that is about to be written is that of the data plane it is written to. */

import { fieldAt, type KubeObject, stringAt } from "../kube/objects.ts";
import type { Identity } from "./identity.ts";

type IdentityChange =
  /** The first one, the same one, or a new key of the same account. */
  | { readonly _tag: "Usual" }
  | { readonly _tag: "OtherAccount"; readonly live: string; readonly given: string }
  | { readonly _tag: "OtherWorkspace"; readonly live: string; readonly given: string };

const identityIn = (secret: KubeObject | undefined): unknown => {
  const encoded = stringAt(secret, "data", "identity.json");
  if (encoded === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(encoded, "base64").toString());
  } catch {
    return undefined;
  }
};

/** `secret` is the live one, if any; one that cannot be read has no owner and may be replaced. */
export const identityChange = (
  secret: KubeObject | undefined,
  identity: Pick<Identity, "workspaceId" | "serviceAccountId">,
): IdentityChange => {
  const live = identityIn(secret);
  const differs = (field: "workspaceId" | "serviceAccountId") => {
    const known = fieldAt(live, field);
    return typeof known === "string" && known !== identity[field]
      ? { live: known, given: identity[field] }
      : undefined;
  };
  const workspace = differs("workspaceId");
  if (workspace !== undefined) return { _tag: "OtherWorkspace", ...workspace };
  const account = differs("serviceAccountId");
  return account === undefined ? { _tag: "Usual" } : { _tag: "OtherAccount", ...account };
};
