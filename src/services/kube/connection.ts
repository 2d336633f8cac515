import { request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isatty } from "node:tty";
import { Effect, Redacted, Scope } from "effect";
import type { ClusterChoice } from "../../domain/kube/cluster-choice.ts";
import { watchedAuthority, watchedPair } from "./credentials/certificate.ts";
import {
  type Credential,
  type CredentialSource,
  fixedCredential,
  type IssuingSource,
} from "./credentials/credential.ts";
import { execCredential } from "./credentials/exec.ts";
import { isLent, lendLogin } from "./credentials/lent.ts";
import { oidcCredential } from "./credentials/oidc.ts";
import { tokenFileCredential } from "./credentials/token-file.ts";
import type { ClusterTarget, KubectlError } from "./Kubectl.ts";
import { accessOf, type ClusterAccess, inClusterAccess } from "./kubeconfig/access.ts";
import { encodeAccess } from "./kubeconfig/encode.ts";
import { badKubeconfig, loadKubeconfig } from "./kubeconfig/load.ts";
import { hostPort, type Server, showServer } from "./kubeconfig/server.ts";
import { type Agents, makeAgents } from "./transport/agents.ts";
import { makePaces, type Pace } from "./transport/pace.ts";
import { type ProxyServer, proxyOf } from "./transport/proxy.ts";
import { proxyAuthorization } from "./transport/tunnel.ts";

const STDIN = 0;
const LABEL = { label: "kubeconfig" };

/** What a request proved its sender with. */
interface ShownCredential {
  readonly issued: Credential;
  readonly certificate: Credential["certificate"];
}

/** How one request is sent. */
export interface Outgoing {
  readonly send: typeof httpRequest;
  readonly options: RequestOptions;
  readonly credential: ShownCredential;
}

export interface KubeConnection {
  readonly target: ClusterTarget;
  /** Before the path of every request. */
  readonly prefix: string;
  /** For people: how a server that does not answer is described. */
  readonly origin: string;
  /** Of the calls to that path, without the prefix. */
  readonly pace: (path: string) => Pace;
  /** Asked for every request: tokens and certificates change during a run. */
  readonly call: Effect.Effect<Outgoing, KubectlError>;
  /** The same for answers that do not end. */
  readonly stream: Effect.Effect<Outgoing, KubectlError>;
  /** After the server refused this credential: whether there is another one now. */
  readonly renew: (refused: ShownCredential) => Effect.Effect<boolean>;
}

const credentialsOf = (
  access: ClusterAccess,
  authority: Effect.Effect<string | undefined, KubectlError>,
): Effect.Effect<CredentialSource | IssuingSource, never, Scope.Scope> => {
  const { login } = access;
  switch (login._tag) {
    case "Anonymous":
      return Effect.succeed(fixedCredential(undefined));
    case "Token":
      return Effect.succeed(fixedCredential(`Bearer ${login.token}`));
    case "TokenFile":
      return Effect.succeed(tokenFileCredential(login.file, login.fallback));
    case "Basic": {
      const text = Buffer.from(`${login.username}:${login.password}`).toString("base64");
      return Effect.succeed(fixedCredential(`Basic ${text}`));
    }
    case "Exec":
      return execCredential(access, login.exec, authority);
    case "Oidc":
      return oidcCredential(login.config, access.entries?.user.origin, login.user);
  }
};

interface Way {
  readonly options: RequestOptions;
  readonly prefix: string;
}

/** A plain request goes to an HTTP proxy as it is, with its whole address as path; everything else through a tunnel. */
const wayTo = (server: Server, proxy: ProxyServer | undefined): Way => {
  const auth = server.auth === undefined ? {} : { auth: server.auth };
  if (proxy === undefined || proxy.kind === "socks5" || server.isTls) {
    const { host, port, prefix } = server;
    return { options: { ...auth, host, port }, prefix };
  }
  const headers = { host: hostPort(server), ...proxyAuthorization(proxy) };
  return {
    options: { ...auth, host: proxy.host, port: proxy.port, headers },
    prefix: `http://${hostPort(server)}${server.prefix}`,
  };
};

/** New agents when the certificates change; the old ones finish what they began. */
const agentsFor = (access: ClusterAccess, proxy: ProxyServer | undefined) => {
  let made:
    | { readonly agents: Agents; readonly authority: unknown; readonly cert: unknown }
    | undefined;
  return (authority: string | undefined, certificate: Credential["certificate"]): Agents => {
    if (made !== undefined && made.authority === authority && made.cert === certificate?.cert) {
      return made.agents;
    }
    made?.agents.retire();
    const agents = makeAgents(access.server, proxy, {
      authority,
      insecure: access.insecure,
      serverName: access.tlsServerName,
      certificate,
    });
    made = { agents, authority, cert: certificate?.cert };
    return agents;
  };
};

const accessTo = Effect.fnUntraced(function* (choice: ClusterChoice) {
  const loaded = yield* loadKubeconfig(choice);
  const chosen = yield* accessOf(loaded, choice.context);
  const access = chosen ?? inClusterAccess(process.env);
  if (access !== undefined) return { access, readableOnce: loaded.readableOnce };
  const { contexts } = loaded.config;
  return yield* badKubeconfig(
    contexts.size > 0
      ? `${loaded.files.join(", ")}: no current-context (choose one with --context; list them with: kubectl config get-contexts)`
      : `no such file, or nothing in it: ${loaded.files.join(", ")} (name one with --kubeconfig or KUBECONFIG)`,
  );
});

export const connect = Effect.fn("kube.connect")(function* (choice: ClusterChoice) {
  const { access, readableOnce } = yield* accessTo(choice);
  const { server, ca, certificate } = access;
  const proxy = proxyOf(server, access.proxyUrl, process.env);
  if (proxy === "invalid") {
    return yield* badKubeconfig(
      `${server.isTls ? "HTTPS_PROXY" : "HTTP_PROXY"} is not the address of a proxy`,
    );
  }
  const authority =
    ca === undefined || !server.isTls ? Effect.succeed(undefined) : watchedAuthority(ca);
  const pair = certificate === undefined ? Effect.succeed(undefined) : watchedPair(certificate);
  const source = yield* credentialsOf(access, authority);
  const agents = agentsFor(access, proxy);
  const way = wayTo(server, proxy);

  const outgoing = (kind: "calls" | "streams") =>
    Effect.gen(function* () {
      const issued = yield* source.current;
      const certificate = (yield* pair) ?? issued.certificate;
      const { authorization } = issued;
      const agent = agents(yield* authority, certificate)[kind];
      const options: RequestOptions = {
        ...way.options,
        agent,
        headers: {
          ...way.options.headers,
          ...(authorization === undefined ? {} : { authorization }),
          ...access.impersonation,
        },
      };
      const send = agent instanceof HttpsAgent ? httpsRequest : httpRequest;
      return { send, options, credential: { issued, certificate } } satisfies Outgoing;
    });

  const renew = Effect.fnUntraced(function* ({ issued, certificate }: ShownCredential) {
    const hasOther = yield* source.renew(issued);
    return hasOther || ((yield* pair) ?? certificate) !== certificate;
  });

  const { entries } = access;
  const issued =
    "issued" in source && isLent(access.login, isatty(STDIN)) ? source.issued : undefined;
  const scope = yield* Effect.scope;
  const forOthers =
    entries !== undefined && (readableOnce || issued !== undefined)
      ? Effect.gen(function* () {
          const login = issued === undefined ? undefined : yield* lendLogin(issued);
          return Redacted.make(encodeAccess({ ...access, entries }, login), LABEL);
        }).pipe(Effect.provideService(Scope.Scope, scope))
      : undefined;
  const connection: KubeConnection = {
    target: {
      context: access.context,
      server: showServer(server),
      kubeconfig: forOthers,
    },
    prefix: way.prefix,
    origin: showServer({ ...server, prefix: "" }),
    pace: makePaces(),
    call: outgoing("calls"),
    stream: outgoing("streams"),
    renew: (refused) => Effect.orElseSucceed(renew(refused), () => false),
  };
  return connection;
});
