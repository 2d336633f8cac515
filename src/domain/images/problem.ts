/** What can be wrong with one image in one registry, and how a registry's answer is known by. */

export type ImageTrouble =
  /** The registry requires a login, or the account lacks the permission. */
  | "denied"
  /** The repository has to be made before anything can be pushed. */
  | "no-repository"
  /** There is no such image to copy. */
  | "no-image"
  /** The tag holds another image, which nobody has allowed to be replaced. */
  | "other-image"
  /** The registry does not let a tag be moved. */
  | "immutable"
  /** The registry asks to come back later. */
  | "rate-limited"
  /** Nobody answers, or not as a registry does. */
  | "unreachable"
  | "failed";

export interface ImageProblem {
  readonly trouble: ImageTrouble;
  /** Which image in which registry. */
  readonly reference: string;
  /** In the registry's or the copier's own words; empty where there are none. */
  readonly detail: string;
}

/** Codes of the distribution specification, and what registries and the network say beside them; the first that fits. */
const SIGNS: ReadonlyArray<readonly [ImageTrouble, RegExp]> = [
  ["rate-limited", /TOOMANYREQUESTS|\b429\b|too many requests|rate limit/i],
  ["immutable", /immutable|TAG_ALREADY_EXISTS|ImageTagAlreadyExists/i],
  ["denied", /UNAUTHORIZED|\bDENIED\b|FORBIDDEN|\b40[13]\b|no basic auth credentials/i],
  ["no-repository", /NAME_UNKNOWN|RepositoryNotFound|repository .*(?:not exist|not found)/i],
  ["no-image", /MANIFEST_UNKNOWN|\b404\b/],
  [
    "unreachable",
    /connection (?:refused|reset)|no such host|i\/o timeout|TLS handshake|x509|deadline exceeded|network is unreachable|no route to host|\bEOF\b|server gave HTTP response|malformed HTTP|\b50[0-9]\b|no answer within/i,
  ],
];

/** @param detail what the copier says of a request that failed */
export const troubleOf = (detail: string): ImageTrouble =>
  SIGNS.find(([, sign]) => sign.test(withoutNames(detail)))?.[0] ?? "failed";

/** Addresses hold digests and names in which any code can stand. */
const withoutNames = (detail: string): string =>
  detail.replace(/https?:\/\/\S+/g, "").replace(/sha256:[0-9a-f]+/g, "");

/** Whether there is nothing under the name, rather than no answer about it. */
export const isAbsence = (trouble: ImageTrouble): boolean =>
  trouble === "no-image" || trouble === "no-repository";
