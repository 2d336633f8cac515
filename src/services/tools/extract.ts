import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { type Entry, openPromise } from "yauzl";

/** The archive is not what it should be, although its hash may be right. */
export class ArchiveProblem extends Error {}

const sink = (to: string) => createWriteStream(to, { mode: 0o600, flush: true, flags: "wx" });

const tooBig = (max: number) => new ArchiveProblem(`it unpacks to more than ${max} bytes`);

const READ_AT_ONCE = 64 * 1024;

/** Read ahead by little, in buffers used over and over: two are on their way to the unpacker at most. */
const compressed = async function* (archive: string) {
  const handle = await open(archive);
  try {
    const ring = Array.from({ length: 8 }, () => Buffer.allocUnsafeSlow(READ_AT_ONCE));
    for (let turn = 0; ; turn += 1) {
      const buffer = ring[turn % ring.length] ?? Buffer.alloc(READ_AT_ONCE);
      let filled = 0;
      // Whole buffers only: the unpacker then asks for the next when it is done with the last but one.
      while (filled < READ_AT_ONCE) {
        const { bytesRead } = await handle.read(buffer, filled, READ_AT_ONCE - filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled > 0) yield buffer.subarray(0, filled);
      if (filled < READ_AT_ONCE) return;
    }
  } finally {
    await handle.close();
  }
};

/** Nothing but the one regular file of exactly this name is ever written, so no name in the archive can lead elsewhere. */
export const extractTarGz = async (archive: string, wanted: string, to: string, max: number) => {
  let writing: Promise<void> | undefined;
  let written = false;
  /** All of it was read, though it might not be on the disk yet: what comes next is nothing to unpack, however large. */
  let passed = false;
  let problem: Error | undefined;
  const take = (entry: ReadEntry) => {
    passed = writing !== undefined;
    const name = entry.path.replace(/^\.\//, "");
    if (name !== wanted || problem !== undefined || writing !== undefined) return entry.resume();
    if (entry.type !== "File" && entry.type !== "OldFile") {
      problem = new ArchiveProblem(`${wanted} in it is a ${entry.type}, not a file`);
      return entry.resume();
    }
    writing = pipeline(entry as AsyncIterable<Buffer>, sink(to)).then(
      () => {
        written = true;
      },
      (cause: Error) => {
        problem = cause;
      },
    );
  };
  const parser = new Parser({ strict: true, onReadEntry: take });
  parser.on("error", (cause: unknown) => {
    problem ??= new ArchiveProblem((cause as Error).message);
  });
  let unpacked = 0;
  await pipeline(compressed(archive), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      unpacked += chunk.length;
      if (unpacked > max) throw tooBig(max);
      // A full disk ends the writing, and then the parser never drains.
      if (!parser.write(chunk)) await Promise.race([once(parser, "drain"), writing]);
      // What follows the wanted file is not even looked at.
      if (passed || written || problem !== undefined) return;
    }
    parser.end();
  }).catch((cause: NodeJS.ErrnoException) => {
    if (passed || written || problem !== undefined) return;
    problem = cause.code?.startsWith("Z_")
      ? new ArchiveProblem(`it is not gzip: ${cause.message}`)
      : cause;
  });
  if (problem === undefined) await writing;
  if (problem !== undefined) throw problem;
  if (!written) throw new ArchiveProblem(`there is no ${wanted} in it`);
};

const isLink = (entry: Entry): boolean =>
  ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000;

export const extractZip = async (archive: string, wanted: string, to: string, max: number) => {
  const zip = await openPromise(archive).catch((cause: Error) => {
    throw new ArchiveProblem(cause.message);
  });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== wanted) continue;
      if (isLink(entry)) throw new ArchiveProblem(`${wanted} in it is a link, not a file`);
      if (entry.uncompressedSize > max) throw tooBig(max);
      const content: Readable = await zip.openReadStreamPromise(entry);
      return await pipeline(content, sink(to));
    }
  } finally {
    zip.close();
  }
  throw new ArchiveProblem(`there is no ${wanted} in it`);
};
