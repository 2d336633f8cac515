import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isAbsolute } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { shownUrl } from "../../domain/tools/pins.ts";
import { authorities } from "../kube/transport/authorities.ts";
import { diskProblem } from "./files.ts";
import type { DownloadLimits } from "./settings.ts";

/** Why a file could not be had, and whether asking again can help. */
export class DownloadProblem extends Error {
  readonly retryable: boolean;
  constructor(message: string, retryable = false) {
    super(message);
    this.retryable = retryable;
  }
}

/** Changed in place while a download runs, for the display of progress. */
export interface Progress {
  received: number;
  total: number | undefined;
}

/** Slower than this is as good as standing still. */
const SLOWEST_BYTES_PER_SECOND = 256;

const trusted = (): Array<string> | undefined => {
  try {
    return authorities();
  } catch (cause) {
    throw new DownloadProblem((cause as Error).message);
  }
};

const agentFor = (secure: boolean) => {
  // HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in both spellings, are read by Node's own agents.
  const options = { proxyEnv: process.env, keepAlive: false };
  const ca = secure ? trusted() : undefined;
  return secure
    ? new HttpsAgent(ca === undefined ? options : { ...options, ca })
    : new HttpAgent(options);
};

const PASSING = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

const networkProblem = (url: URL, cause: unknown): DownloadProblem => {
  if (cause instanceof DownloadProblem) return cause;
  const error = cause as NodeJS.ErrnoException;
  const text = error.message || error.code || "it failed";
  return new DownloadProblem(`${url.host}: ${text}`, PASSING.has(error.code ?? ""));
};

const get = (url: URL, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const send = secure ? httpsRequest : httpRequest;
    const headers = { "user-agent": "tare", accept: "*/*", "accept-encoding": "identity" };
    const request = send(url, { agent: agentFor(secure), headers, signal }, resolve);
    request.on("error", reject);
    request.end();
  });

const redirected = (from: URL, location: string): URL => {
  const to = new URL(location, from);
  if (to.protocol !== from.protocol && to.protocol !== "https:") {
    throw new DownloadProblem(`${from.host} redirects from ${from.protocol} to ${to.protocol}`);
  }
  return to;
};

const follow = async (
  start: URL,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  let url = start;
  for (let hops = 0; hops <= limits.redirects; hops += 1) {
    const response = await get(url, signal);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    response.destroy();
    const location = response.headers.location;
    if (status < 300 || status > 399 || location === undefined) {
      const passing = status >= 500 || status === 429 || status === 408;
      throw new DownloadProblem(`${shownUrl(url.href)}: HTTP ${status}`, passing);
    }
    url = redirected(url, location);
  }
  throw new DownloadProblem(`${shownUrl(start.href)}: more than ${limits.redirects} redirects`);
};

const openSource = async (
  url: URL,
  limits: DownloadLimits,
  progress: Progress,
  signal: AbortSignal,
) => {
  if (url.protocol === "file:") return createReadStream(fileURLToPath(url), { signal });
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new DownloadProblem(`${url.protocol}// is not http, https or file`);
  }
  const response = await follow(url, limits, signal);
  const length = Number(response.headers["content-length"]);
  progress.total = Number.isSafeInteger(length) && length > 0 ? length : undefined;
  return response;
};

/** A folder stands for a mirror too: what `tare tools bundle` wrote. */
const parseUrl = (text: string): URL => {
  const url = isAbsolute(text) ? `file://${text}` : text;
  const parsed = URL.parse(url);
  if (parsed === null) throw new DownloadProblem(`${shownUrl(text)} is not a URL`);
  return parsed;
};

/** Ends a transfer that stands still, before the first byte as well as after it. */
const watchdog = (limits: DownloadLimits, progress: Progress, host: string) => {
  const controller = new AbortController();
  let before = 0;
  const timer = setInterval(() => {
    const least = (SLOWEST_BYTES_PER_SECOND * limits.stallMillis) / 1000;
    if (progress.received - before < least) {
      const seconds = limits.stallMillis / 1000;
      const what = progress.received === 0 ? "no answer" : "the transfer stood still";
      controller.abort(new DownloadProblem(`${host || "the file"}: ${what} for ${seconds} s`));
    }
    before = progress.received;
  }, limits.stallMillis);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
};

const consume = async <A>(
  text: string,
  limits: DownloadLimits,
  progress: Progress,
  outer: AbortSignal,
  use: (source: Readable) => Promise<A>,
): Promise<A> => {
  const url = parseUrl(text);
  progress.received = 0;
  progress.total = undefined;
  const watch = watchdog(limits, progress, url.host);
  const signal = AbortSignal.any([outer, watch.signal]);
  try {
    const source = await openSource(url, limits, progress, signal);
    return await use(source);
  } catch (cause) {
    if (watch.signal.aborted) throw watch.signal.reason;
    const error = cause as NodeJS.ErrnoException;
    if (url.protocol === "file:" && error.code === "ENOENT") {
      throw new DownloadProblem(`${fileURLToPath(url)} does not exist`);
    }
    throw diskProblem(cause) === undefined ? networkProblem(url, cause) : cause;
  } finally {
    watch.stop();
  }
};

const counted = async function* (
  source: AsyncIterable<Buffer>,
  limits: DownloadLimits,
  progress: Progress,
) {
  for await (const chunk of source) {
    progress.received += chunk.length;
    if (progress.received > limits.maxBytes) {
      throw new DownloadProblem(`more than ${limits.maxBytes} bytes: this is not the file`);
    }
    yield chunk;
  }
};

/** Chunks arrive faster than the collector sees a reason to run: a large one that shares nothing is given back at once. */
const release = ({ buffer, byteLength }: Buffer): void => {
  if (byteLength >= 4096 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
};

/** Streams a file to disk, not executable, and returns the sha256 of what arrived. It is on the disk when this returns. */
export const downloadTo = async (
  url: string,
  file: string,
  limits: DownloadLimits,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> => {
  const hash = createHash("sha256");
  await consume(url, limits, progress, signal, async (source) => {
    const handle = await open(file, "w", 0o600);
    try {
      for await (const chunk of counted(source, limits, progress)) {
        hash.update(chunk);
        await handle.writeFile(chunk);
        release(chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return hash.digest("hex");
};

const SMALL = 64 * 1024;

/** A short text, such as a checksum file, which must come over TLS. */
export const downloadText = async (
  url: string,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<string> => {
  if (!url.startsWith("https://")) {
    throw new DownloadProblem(`${shownUrl(url)}: a checksum file must come over https`);
  }
  const progress: Progress = { received: 0, total: undefined };
  const chunks: Array<Buffer> = [];
  await consume(url, limits, progress, signal, async (source) => {
    const small = { ...limits, maxBytes: SMALL };
    for await (const chunk of counted(source, small, progress)) chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString("utf8");
};
