import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { Data, Effect, Redacted, Result } from "effect";
import { decodeIdentity, type Identity } from "../../domain/identity/identity.ts";
import { isOpenToOthers } from "../../domain/identity/plain-http.ts";
import { visible } from "../../domain/text/visible.ts";
import { InvalidIdentity } from "../../errors.ts";
import { type Reporter, warn } from "../../services/report/Reporter.ts";
import { describeIdentityProblem } from "../../words/identity/problems.ts";

const READABLE_BY_GROUP = 0o040;
const READABLE_BY_ALL = 0o004;

/** Whether others can read a file. That the group of another owner's file can may be for our sake, as in a pod's Secret volume. */
export const isExposed = (
  { mode, uid }: Pick<Stats, "mode" | "uid">,
  ownUid: number | undefined,
): boolean =>
  (mode & READABLE_BY_ALL) !== 0 || ((mode & READABLE_BY_GROUP) !== 0 && uid === ownUid);

/** Far more than any key and a few names take. */
const MOST_BYTES = 1024 * 1024;

class TooLarge extends Data.TaggedError("TooLarge")<Record<never, never>> {}

/** Never more than it should be, whatever the name leads to. */
const readBounded = (file: string): { readonly bytes: Buffer; readonly stats: Stats } => {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < buffer.length; size += read) {
      read = readSync(descriptor, buffer, size, buffer.length - size, null);
    }
    if (size > MOST_BYTES) throw new TooLarge();
    return { bytes: buffer.subarray(0, size), stats: fstatSync(descriptor) };
  } finally {
    closeSync(descriptor);
  }
};

/** UTF-8, or what PowerShell's `>` makes of it: UTF-16, with its mark or without. */
const decodeText = (bytes: Buffer): string => {
  const [first, second] = bytes;
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  if (bytes.length < 2 || !(isBig || isLittle)) return bytes.toString("utf8");
  return new TextDecoder(isBig ? "utf-16be" : "utf-16le").decode(bytes);
};

const unreadable = (file: string, cause: NodeJS.ErrnoException | TooLarge): InvalidIdentity => {
  if (cause instanceof TooLarge) {
    return new InvalidIdentity({
      file,
      problems: ["it is larger than any identity file (1 MiB): is it another file?"],
    });
  }
  const problem =
    cause.code === "ENOENT"
      ? "no such file"
      : cause.code === "EISDIR"
        ? "it is a directory"
        : `it cannot be read (${cause.code ?? "unknown error"})`;
  return new InvalidIdentity({ file, problems: [problem] });
};

/** Reads the identity; its text is sealed from the first line on. */
export const readIdentity = Effect.fn("tare.readIdentity")(function* (
  file: string,
): Effect.fn.Return<Identity, InvalidIdentity, Reporter> {
  const { text, stats } = yield* Effect.try({
    try: () => {
      const { bytes, stats } = readBounded(file);
      return { text: Redacted.make(decodeText(bytes), { label: "identity file" }), stats };
    },
    catch: (cause) => unreadable(file, cause as NodeJS.ErrnoException | TooLarge),
  });
  const decoded = decodeIdentity(text);
  if (Result.isFailure(decoded)) {
    const problems = decoded.failure.map(describeIdentityProblem);
    return yield* new InvalidIdentity({ file, problems });
  }
  if (process.platform !== "win32" && isExposed(stats, process.getuid?.())) {
    yield* warn({ code: "identity-file-exposed", file });
  }
  const { identity, unknownFields } = decoded.success;
  if (isOpenToOthers(identity.managementPlaneUrl)) {
    yield* warn({ code: "management-plane-insecure", file });
  }
  if (unknownFields.length > 0) {
    yield* Effect.logDebug(visible(`${file}: unknown fields ignored: ${unknownFields.join(", ")}`));
  }
  return identity;
});
