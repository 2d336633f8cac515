/** What a kubeconfig file says, by the fields and types that Kubernetes gives it (`v1.Config` of its client). */
import type { Fault, GoValue } from "./go-yaml.ts";

/** Where an entry stands, so that a mistake in it can be named. */
export interface Origin {
  readonly file: string;
  /** The way to the entry, e.g. `users[0].user`. */
  readonly path: string;
  readonly line: number;
  readonly lines: ReadonlyMap<string, number>;
}

export interface ClusterEntry {
  readonly origin: Origin;
  readonly server: string;
  readonly tlsServerName: string;
  readonly insecure: boolean;
  readonly caFile: string;
  readonly caData: string;
  readonly proxyUrl: string;
  readonly disableCompression: boolean;
  /** What the extension `client.authentication.k8s.io/exec` holds for an exec plugin. */
  readonly execConfig: unknown;
}

export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: ReadonlyArray<string>;
  readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly installHint: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: string;
}

export interface UserEntry {
  readonly origin: Origin;
  readonly certFile: string;
  readonly certData: string;
  readonly keyFile: string;
  readonly keyData: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly as: string;
  readonly asUid: string;
  readonly asGroups: ReadonlyArray<string>;
  readonly asExtra: ReadonlyMap<string, ReadonlyArray<string>>;
  readonly username: string;
  readonly password: string;
  readonly authProvider:
    | { readonly name: string; readonly config: ReadonlyMap<string, string> }
    | undefined;
  readonly exec: ExecEntry | undefined;
}

interface ContextEntry {
  readonly origin: Origin;
  readonly cluster: string;
  readonly user: string;
}

export interface Kubeconfig {
  readonly currentContext: string;
  readonly currentContextOrigin: { readonly file: string; readonly line: number } | undefined;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

const EXEC_EXTENSION = "client.authentication.k8s.io/exec";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NONE: GoValue = { kind: "null", line: 1 };

export const toJson = (value: GoValue): unknown => {
  switch (value.kind) {
    case "null":
      return null;
    case "list":
      return value.items.map(toJson);
    case "map":
      return Object.fromEntries([...value.entries].map(([key, item]) => [key, toJson(item)]));
    default:
      return value.value;
  }
};

/** Reads the fields of one map; what has the wrong type is a fault and counts as left out, as `null` does. */
const fieldsOf = (value: GoValue, path: string, faults: Array<Fault>) => {
  const { line } = value;
  const fault = (at: GoValue, field: string, problem: string) =>
    faults.push({ line: at.line, field, problem });
  if (value.kind !== "map" && value.kind !== "null") fault(value, path, "must be a map");
  const entries = value.kind === "map" ? value.entries : new Map<string, GoValue>();
  const pathOf = (name: string) => (path === "" ? name : `${path}.${name}`);
  const get = (name: string): GoValue => entries.get(name) ?? NONE;

  const textAt = (at: GoValue, field: string): string => {
    if (at.kind === "string") return at.value;
    if (at.kind !== "null")
      fault(at, field, "must be a text (a number or a word like yes needs quotes)");
    return "";
  };
  const itemsAt = (at: GoValue, field: string): ReadonlyArray<GoValue> => {
    if (at.kind === "list") return at.items;
    if (at.kind !== "null") fault(at, field, "must be a list");
    return [];
  };
  const textsAt = (at: GoValue, field: string): ReadonlyArray<string> =>
    itemsAt(at, field).map((item, index) => textAt(item, `${field}[${index}]`));
  const mapAt = (at: GoValue, field: string): ReadonlyMap<string, GoValue> => {
    if (at.kind === "map") return at.entries;
    if (at.kind !== "null") fault(at, field, "must be a map");
    return new Map();
  };

  return {
    origin: (file: string): Origin => ({
      file,
      path,
      line,
      lines: new Map([...entries].map(([name, item]) => [name, item.line])),
    }),
    has: (name: string): boolean => get(name).kind !== "null",
    lineOf: (name: string): number => get(name).line,
    text: (name: string): string => textAt(get(name), pathOf(name)),
    flag: (name: string): boolean => {
      const at = get(name);
      if (at.kind === "boolean") return at.value;
      if (at.kind !== "null") fault(at, pathOf(name), "must be true or false");
      return false;
    },
    /** Base64 that is read as text: certificates and keys are PEM. */
    bytes: (name: string): string => {
      const at = get(name);
      const text = textAt(at, pathOf(name)).replaceAll(/[\r\n]/g, "");
      if (BASE64.test(text)) return Buffer.from(text, "base64").toString("utf8");
      fault(at, pathOf(name), "must be base64");
      return "";
    },
    texts: (name: string) => textsAt(get(name), pathOf(name)),
    textMap: (name: string): ReadonlyMap<string, string> =>
      new Map(
        [...mapAt(get(name), pathOf(name))].map(([key, item]) => [key, textAt(item, pathOf(name))]),
      ),
    textsMap: (name: string): ReadonlyMap<string, ReadonlyArray<string>> =>
      new Map(
        [...mapAt(get(name), pathOf(name))].map(([key, item]) => [
          key,
          textsAt(item, pathOf(name)),
        ]),
      ),
    items: (name: string) =>
      itemsAt(get(name), pathOf(name)).map((item, index) =>
        fieldsOf(item, `${pathOf(name)}[${index}]`, faults),
      ),
    child: (name: string) => fieldsOf(get(name), pathOf(name), faults),
    json: (name: string): unknown => toJson(get(name)),
    fault: (name: string, problem: string) =>
      fault(entries.has(name) ? get(name) : value, pathOf(name), problem),
  };
};

type Fields = ReturnType<typeof fieldsOf>;

/** Entries of a list by their names; Kubernetes refuses a list that has a name twice. */
const byName = <A>(
  items: ReadonlyArray<Fields>,
  decode: (item: Fields) => A,
): ReadonlyMap<string, A> => {
  const found = new Map<string, A>();
  for (const item of items) {
    const name = item.text("name");
    const entry = decode(item);
    if (found.has(name)) item.fault("name", "is in the list twice");
    else found.set(name, entry);
  }
  return found;
};

const extensionsOf = (fields: Fields): ReadonlyMap<string, unknown> =>
  new Map(fields.items("extensions").map((item) => [item.text("name"), item.json("extension")]));

const clusterOf = (fields: Fields, file: string): ClusterEntry => ({
  origin: fields.origin(file),
  server: fields.text("server"),
  tlsServerName: fields.text("tls-server-name"),
  insecure: fields.flag("insecure-skip-tls-verify"),
  caFile: fields.text("certificate-authority"),
  caData: fields.bytes("certificate-authority-data"),
  proxyUrl: fields.text("proxy-url"),
  disableCompression: fields.flag("disable-compression"),
  execConfig: extensionsOf(fields).get(EXEC_EXTENSION),
});

const V1BETA1 = "client.authentication.k8s.io/v1beta1";

const execOf = (fields: Fields): ExecEntry => {
  const apiVersion = fields.text("apiVersion");
  const mode = fields.text("interactiveMode");
  return {
    apiVersion,
    command: fields.text("command"),
    args: fields.texts("args"),
    env: fields
      .items("env")
      .map((item) => ({ name: item.text("name"), value: item.text("value") })),
    installHint: fields.text("installHint"),
    provideClusterInfo: fields.flag("provideClusterInfo"),
    // Plugins of the older version were written before they could say it.
    interactiveMode: mode === "" && apiVersion === V1BETA1 ? "IfAvailable" : mode,
  };
};

const userOf = (fields: Fields, file: string): UserEntry => {
  extensionsOf(fields);
  const provider = fields.child("auth-provider");
  return {
    origin: fields.origin(file),
    certFile: fields.text("client-certificate"),
    certData: fields.bytes("client-certificate-data"),
    keyFile: fields.text("client-key"),
    keyData: fields.bytes("client-key-data"),
    token: fields.text("token"),
    tokenFile: fields.text("tokenFile"),
    as: fields.text("as"),
    asUid: fields.text("as-uid"),
    asGroups: fields.texts("as-groups"),
    asExtra: fields.textsMap("as-user-extra"),
    username: fields.text("username"),
    password: fields.text("password"),
    authProvider: fields.has("auth-provider")
      ? { name: provider.text("name"), config: provider.textMap("config") }
      : undefined,
    exec: fields.has("exec") ? execOf(fields.child("exec")) : undefined,
  };
};

const contextOf = (fields: Fields, file: string): ContextEntry => {
  extensionsOf(fields);
  fields.text("namespace");
  return {
    origin: fields.origin(file),
    cluster: fields.text("cluster"),
    user: fields.text("user"),
  };
};

interface Decoded {
  readonly config: Kubeconfig;
  readonly faults: ReadonlyArray<Fault>;
}

export const decodeKubeconfig = (value: GoValue, file: string): Decoded => {
  const faults: Array<Fault> = [];
  const root = fieldsOf(value, "", faults);
  if (!["", "v1"].includes(root.text("apiVersion"))) root.fault("apiVersion", "must be v1");
  if (!["", "Config"].includes(root.text("kind"))) root.fault("kind", "must be Config");
  const preferences = root.child("preferences");
  preferences.flag("colors");
  extensionsOf(preferences);
  extensionsOf(root);
  const config: Kubeconfig = {
    currentContext: root.text("current-context"),
    currentContextOrigin: { file, line: root.lineOf("current-context") },
    clusters: byName(root.items("clusters"), (item) => clusterOf(item.child("cluster"), file)),
    contexts: byName(root.items("contexts"), (item) => contextOf(item.child("context"), file)),
    users: byName(root.items("users"), (item) => userOf(item.child("user"), file)),
  };
  return { config, faults };
};
