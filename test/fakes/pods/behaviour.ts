/** What a container does once its pod is on a node. */
import { Duration } from "effect";

export type Behaviour =
  | { readonly _tag: "Healthy"; readonly startup: Duration.Duration }
  /** It runs, and its readiness probe fails. */
  | { readonly _tag: "NeverReady" }
  | { readonly _tag: "CrashLoop"; readonly exitCode: number }
  | { readonly _tag: "NoSuchImage" }
  /** The registry answers 503. */
  | { readonly _tag: "RegistryDown" };

/** From the creation of the pod to readiness. */
const DEFAULT_STARTUP = Duration.seconds(5);
const BLIP = Duration.seconds(40);

/** `slow-40` is ready after 40 s. */
const SLOW = /^slow-(\d+)$/;

export const healthy: Behaviour = { _tag: "Healthy", startup: DEFAULT_STARTUP };
export const neverReady: Behaviour = { _tag: "NeverReady" };
export const crashLoop: Behaviour = { _tag: "CrashLoop", exitCode: 1 };
export const noSuchImage: Behaviour = { _tag: "NoSuchImage" };
export const registryDown: Behaviour = { _tag: "RegistryDown" };

const BY_TAG = new Map<string, Behaviour>([
  ["never-ready", neverReady],
  ["crash-loop", crashLoop],
  ["no-such-image", noSuchImage],
]);

export const tagOf = (image: string): string => image.slice(image.lastIndexOf(":") + 1);

/** What the tag of the image says of a container in a pod of this age. */
export const behaviourOf = (image: string, ageMillis: number): Behaviour => {
  const tag = tagOf(image);
  if (tag === "registry-blip") return ageMillis < Duration.toMillis(BLIP) ? registryDown : healthy;
  const seconds = SLOW.exec(tag)?.[1];
  return seconds === undefined
    ? (BY_TAG.get(tag) ?? healthy)
    : { _tag: "Healthy", startup: Duration.seconds(Number(seconds)) };
};

export const failsToPull = ({ _tag }: Behaviour): boolean =>
  _tag === "NoSuchImage" || _tag === "RegistryDown";
