import { isIP } from "node:net";

/** The API server's address. Not a `URL`: that one knows no zone of an IPv6 address. */
export interface Server {
  readonly isTls: boolean;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** What stands before every path, without a slash at its end. */
  readonly prefix: string;
  /** `user:password` of the address. */
  readonly auth: string | undefined;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]/;
const ZONE = /^([^[]*\[[^\]%]*)%25([A-Za-z0-9._~-]+)\]/;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** A URL or `host:port`, which kubectl takes for plain HTTP; `undefined` when it is neither. */
export const parseServer = (text: string): Server | undefined => {
  // A URL of the platform would quietly leave them out.
  if ([...text].some((letter) => letter <= " " || letter === "\\" || letter === "\u007f")) {
    return undefined;
  }
  const hasScheme = SCHEME.test(text);
  const zone = ZONE.exec(text);
  const plain = zone === null ? text : `${zone[1]}]${text.slice(zone[0].length)}`;
  const url = URL.parse(hasScheme ? plain : `http://${plain}`);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  if (!hasScheme && url.pathname !== "/") return undefined;
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const auth = [url.username, url.password].map(decoded).join(":");
  return {
    isTls,
    host: zone === null ? host : `${host}%${zone[2]}`,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    prefix: url.pathname.replace(/\/$/, ""),
    auth: auth === ":" ? undefined : auth,
  };
};

const bracketed = (host: string): string =>
  isIP(host.split("%")[0] ?? "") === 6 ? `[${host}]` : host;

/** `host:port` as a `CONNECT` request and a `Host` header have it. */
export const hostPort = ({ host, port }: Pick<Server, "host" | "port">): string =>
  `${bracketed(host)}:${port}`;

/** For people: without the password an address may carry. */
export const showServer = ({ isTls, host, port, prefix }: Server): string =>
  `${isTls ? "https" : "http"}://${bracketed(host)}${port === (isTls ? 443 : 80) ? "" : `:${port}`}${prefix}`;
