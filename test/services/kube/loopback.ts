/** Servers on loopback for the live layer, and kubeconfigs that lead to them. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { LOOPBACK } from "./loopback-certificate.ts";

export interface Asked {
  readonly method: string | undefined;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface LoopbackServer {
  readonly url: string;
  /** Oldest first. */
  readonly asked: ReadonlyArray<Asked>;
  readonly close: () => void;
}

/** Its certificate is `LOOPBACK`'s. */
export const startLoopbackServer = async (answer: Answer): Promise<LoopbackServer> => {
  const asked: Array<Asked> = [];
  const server = createServer(LOOPBACK, (request, response) => {
    const chunks: Array<Buffer> = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url = "", headers } = request;
      const body = Buffer.concat(chunks).toString();
      const seen = { method, url, headers, authorization: headers.authorization, body };
      asked.push(seen);
      answer(response, seen);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

export const LOOPBACK_AUTHORITY = Buffer.from(LOOPBACK.cert).toString("base64");

export const kubeconfigFor = (server: string, user: object) => ({
  clusters: [{ name: "c", cluster: { server, "certificate-authority-data": LOOPBACK_AUTHORITY } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  users: [{ name: "u", user }],
  "current-context": "x",
});

export const answerJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
