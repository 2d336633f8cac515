/** Which proxy a request goes through: the cluster's own `proxy-url`, else the environment as Go's programs read it. */
import { BlockList, isIP } from "node:net";
import type { Server } from "../kubeconfig/server.ts";

export interface ProxyServer {
  readonly kind: "http" | "https" | "socks5";
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

const PORTS = { http: 80, https: 443, socks5: 1080 } as const;
const KINDS: Readonly<Record<string, ProxyServer["kind"]>> = {
  "http:": "http",
  "https:": "https",
  "socks5:": "socks5",
  "socks5h:": "socks5",
};

/** `undefined` when it is no address of a proxy. */
export const parseProxy = (text: string): ProxyServer | undefined => {
  const url = URL.parse(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/./.test(text) ? text : `http://${text}`);
  const kind = url === null ? undefined : KINDS[url.protocol];
  if (url === null || kind === undefined || url.hostname === "") return undefined;
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? PORTS[kind] : Number(url.port),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
};

type Family = "ipv4" | "ipv6";

const familyOf = (address: string): Family | undefined => {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
};

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const isInSubnet = (address: string, family: Family, subnet: string): boolean => {
  const [base = "", bits = ""] = subnet.split("/");
  const baseFamily = familyOf(base);
  if (baseFamily === undefined || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (baseFamily === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), baseFamily);
  return list.check(address, family);
};

/** `host`, `host:port`, `[v6]:port` or a bare IPv6 address. */
const splitPort = (entry: string): readonly [string, string] => {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(entry);
  if (match !== null) return [match[1] ?? match[2] ?? "", match[3] ?? ""];
  return [entry.replace(/^\[|\]$/g, ""), ""];
};

const isSpared = ({ host, port }: Pick<Server, "host" | "port">, noProxy: string): boolean => {
  const name = host.toLowerCase();
  const family = familyOf(name);
  if (name === "localhost") return true;
  if (family !== undefined && LOOPBACK.check(name, family)) return true;
  return noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      if (entry.includes("/")) return family !== undefined && isInSubnet(name, family, entry);
      const [wanted, wantedPort] = splitPort(entry);
      if (wanted === "" || (wantedPort !== "" && wantedPort !== String(port))) return false;
      const wantedFamily = familyOf(wanted);
      if (wantedFamily !== undefined) {
        return (
          family !== undefined &&
          isInSubnet(name, family, `${wanted}/${wantedFamily === "ipv4" ? 32 : 128}`)
        );
      }
      if (family !== undefined) return false;
      const domain = wanted.replace(/^\*\./, ".");
      return domain.startsWith(".")
        ? name.endsWith(domain)
        : name === domain || name.endsWith(`.${domain}`);
    });
};

/** `"invalid"` when a variable that counts names no proxy. */
export const proxyOf = (
  server: Pick<Server, "isTls" | "host" | "port">,
  proxyUrl: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined | "invalid" => {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl) ?? "invalid";
  const either = (name: string) => environment[name] || environment[name.toLowerCase()] || "";
  const given = either(server.isTls ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (given === "" || isSpared(server, either("NO_PROXY"))) return undefined;
  return parseProxy(given) ?? "invalid";
};
