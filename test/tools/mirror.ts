import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Effect } from "effect";

export interface Mirror {
  readonly url: string;
  /** The paths asked for, in order. */
  readonly requests: Array<string>;
  serve: RequestListener;
}

export const listen = async (server: Pick<Server, "listen" | "address">): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  return (server.address() as AddressInfo).port;
};

/** A server on loopback that answers as the test of the moment wants. */
export const mirrorServer = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<string> = [];
      const mirror: { serve: RequestListener } = {
        serve: (_, response) => void response.writeHead(404).end(),
      };
      const server = createServer((request, response) => {
        requests.push(request.url ?? "");
        mirror.serve(request, response);
      });
      const port = await listen(server);
      return {
        server,
        mirror: Object.assign(mirror, { url: `http://127.0.0.1:${port}`, requests }),
      };
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }),
  ),
  ({ mirror }): Mirror => mirror,
);

/** Serves these files, whatever else is asked for is not there. */
export const serving =
  (files: Readonly<Record<string, Buffer>>): RequestListener =>
  (request, response) => {
    const body = files[request.url ?? ""];
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": body.length }).end(body);
  };
