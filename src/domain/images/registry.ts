/** Whose registry a host is, where its commands differ from everybody's. */

type Vendor =
  | { readonly _tag: "Ecr"; readonly account: string; readonly region: string }
  | { readonly _tag: "ArtifactRegistry"; readonly location: string }
  | { readonly _tag: "Acr"; readonly name: string }
  | { readonly _tag: "Other" };

const ECR = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
const ARTIFACT_REGISTRY = /^([a-z0-9-]+)-docker\.pkg\.dev$/;
const ACR = /^([a-z0-9]+)\.azurecr\.(?:io|cn|us)$/;

export const vendorOf = (host: string): Vendor => {
  const ecr = ECR.exec(host);
  if (ecr !== null) return { _tag: "Ecr", account: ecr[1] ?? "", region: ecr[2] ?? "" };
  const [, location] = ARTIFACT_REGISTRY.exec(host) ?? [];
  if (location !== undefined) return { _tag: "ArtifactRegistry", location };
  const [, name] = ACR.exec(host) ?? [];
  return name === undefined ? { _tag: "Other" } : { _tag: "Acr", name };
};
