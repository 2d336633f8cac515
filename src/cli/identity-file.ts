import { readFileSync, type Stats, statSync } from "node:fs";
import { Effect, Redacted, Result } from "effect";
import { decodeIdentity, type Identity } from "../domain/identity.ts";
import { shellQuote } from "../domain/operator-commands.ts";
import { InvalidIdentity } from "../errors.ts";
import { type Reporter, warn } from "../services/Reporter.ts";

const READABLE_BY_GROUP = 0o040;
const READABLE_BY_ALL = 0o004;

/** Whether others can read a file. That the group of another owner's file can may be for our sake, as in a pod's Secret volume. */
export const isExposed = (
  { mode, uid }: Pick<Stats, "mode" | "uid">,
  ownUid: number | undefined,
): boolean =>
  (mode & READABLE_BY_ALL) !== 0 || ((mode & READABLE_BY_GROUP) !== 0 && uid === ownUid);

const unreadable = (file: string, cause: NodeJS.ErrnoException): InvalidIdentity => {
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
    try: () => ({
      text: Redacted.make(readFileSync(file, "utf8"), { label: "identity file" }),
      stats: statSync(file),
    }),
    catch: (cause) => unreadable(file, cause as NodeJS.ErrnoException),
  });
  const decoded = decodeIdentity(text);
  if (Result.isFailure(decoded)) {
    const problems = decoded.failure.map(({ field, expected }) =>
      field === undefined ? expected : `${field}: ${expected}`,
    );
    return yield* new InvalidIdentity({ file, problems });
  }
  if (process.platform !== "win32" && isExposed(stats, process.getuid?.())) {
    yield* warn(
      `${file} can be read by other users of this machine: chmod 600 ${shellQuote(file)}`,
    );
  }
  const { identity, unknownFields } = decoded.success;
  if (unknownFields.length > 0) {
    yield* Effect.logDebug(`${file}: unknown fields ignored: ${unknownFields.join(", ")}`);
  }
  return identity;
});
