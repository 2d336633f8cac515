import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { Header } from "tar";

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A program that tells a version the way both tools do. */
export const program = (version: string): Buffer => Buffer.from(`#!/bin/sh\necho v${version}\n`);

export interface TarEntry {
  readonly path: string;
  readonly body?: Buffer;
  readonly linkTo?: string;
}

/** Written by hand, since no library would write the entries that matter here. */
export const tarGz = (entries: ReadonlyArray<TarEntry>): Buffer => {
  const blocks = entries.flatMap(({ path, body = Buffer.alloc(0), linkTo }) => {
    const header = new Header({
      path,
      size: body.length,
      mode: 0o755,
      type: linkTo === undefined ? "File" : "SymbolicLink",
      ...(linkTo === undefined ? {} : { linkpath: linkTo }),
    });
    header.encode();
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return [header.block ?? Buffer.alloc(0), body, padding];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 1 });
};

/** One stored file, optionally marked as a symbolic link. */
export const zip = (name: string, body: Buffer, isLink = false): Buffer => {
  const crc = crc32(body);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(crc, 0);
  sizes.writeUInt32LE(body.length, 4);
  sizes.writeUInt32LE(body.length, 8);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(name.length, 0);
  const common = Buffer.concat([Buffer.from([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]), sizes, lengths]);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), body]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(isLink ? (0o120777 << 16) >>> 0 : 0, 6);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02"),
    Buffer.from([20, 3]),
    common,
    tail,
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
};
