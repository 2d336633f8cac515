/** Versions of Envoy Gateway that an upgrade must not stop at. */
import { type KubeObject, listAt, stringAt } from "../kube/objects.ts";
import type { Warning } from "../report/warning.ts";

/** A version that an upgrade does harm to be at. */
export interface BadVersion {
  readonly version: string;
  /** The first one that is free of it. */
  readonly fixedIn: string;
  readonly reference: string;
}

/** Proxies that run while one of these is replaced can wait in vain for their TLS secrets, and stay ready. */
const LOSES_SECRETS: ReadonlyArray<BadVersion> = [
  { version: "1.9.0", fixedIn: "1.9.1", reference: "envoyproxy/gateway#9918" },
];

const CONTAINER = "envoy-gateway";

const versionOf = (image: string): string | undefined =>
  /:v?(\d+\.\d+\.\d+[\w.-]*)(?:@|$)/.exec(image)?.[1];

/** Of the controller among these objects; `undefined` where there is none, or its image has no version for a tag. */
export const envoyGatewayVersion = (objects: ReadonlyArray<KubeObject>): string | undefined =>
  objects
    .filter(({ kind }) => kind === "Deployment")
    .flatMap((object) => listAt(object, "spec", "template", "spec", "containers"))
    .filter((container) => stringAt(container, "name") === CONTAINER)
    .map((container) => versionOf(stringAt(container, "image") ?? ""))
    .find((version) => version !== undefined);

interface HopVerdict {
  /** What the chart brings, and must not. */
  readonly skip?: BadVersion;
  readonly warning?: Warning;
}

/**
 * @param previous the objects of the release as it is
 * @param next what the upgrade makes of it
 */
export const envoyGatewayHop = (
  previous: ReadonlyArray<KubeObject>,
  next: ReadonlyArray<KubeObject>,
): HopVerdict => {
  const [from, to] = [envoyGatewayVersion(previous), envoyGatewayVersion(next)];
  if (from === to) return {};
  const [left, reached] = [from, to].map((version) =>
    LOSES_SECRETS.find((bad) => bad.version === version),
  );
  if (reached !== undefined) return { skip: reached };
  return left === undefined
    ? {}
    : {
        warning: {
          code: "envoy-gateway-loses-secrets",
          version: left.version,
          reference: left.reference,
        },
      };
};
