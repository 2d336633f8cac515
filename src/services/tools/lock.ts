/**
 * A lock between processes, with a live owner: its holder is named in the file, and a lock whose owner is dead is
 * taken over. Taking over makes the next generation of the file, which only one process can create: no process can remove a
 * lock that another has just taken. On the way it is only there for "one download": what it guards is installed by
 * rename, so even two holders would do no harm.
 */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Duration, Effect, Schedule } from "effect";
import { waitFor } from "../../domain/run/waiting.ts";

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells the owner from a later process with the same number; only where the system says it cheaply. */
  readonly started: string | undefined;
}

const POLL = Duration.millis(150);
const HEARTBEAT = Duration.seconds(10);
/** For owners on other machines that share the folder, who can only be judged by their heartbeat. */
const SILENT_MILLIS = 60_000;

const startedAt = (pid: number): string | undefined => {
  if (process.platform !== "linux") return undefined;
  try {
    // The name of the program, in brackets, can hold spaces.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ")[19];
  } catch {
    return undefined;
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
};

const parseOwner = (text: string): Owner | undefined => {
  try {
    const owner = JSON.parse(text) as Partial<Owner>;
    if (!Number.isInteger(owner.pid) || typeof owner.host !== "string") return undefined;
    return { pid: Number(owner.pid), host: owner.host, started: owner.started };
  } catch {
    return undefined;
  }
};

const isAlive = async (file: string, owner: Owner | undefined): Promise<boolean> => {
  if (owner === undefined) return false;
  if (owner.host !== hostname()) return Date.now() - (await stat(file)).mtimeMs < SILENT_MILLIS;
  if (!isRunning(owner.pid)) return false;
  return owner.started === undefined || owner.started === startedAt(owner.pid);
};

const generations = async (folder: string, name: string): Promise<ReadonlyArray<number>> =>
  (await readdir(folder))
    .filter((file) => file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1)))
    .map((file) => Number(file.slice(name.length + 1)))
    .sort((a, b) => b - a);

const draftPrefix = (name: string): string => `${name}.draft-`;

/** What processes left that died before theirs became a lock. One that is still being written is made again by its owner. */
const sweepDrafts = async (folder: string, name: string): Promise<void> => {
  const drafts = (await readdir(folder)).filter((file) => file.startsWith(draftPrefix(name)));
  for (const draft of drafts) {
    const file = join(folder, draft);
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined || (await isAlive(file, parseOwner(text)))) continue;
    await rm(file, { force: true });
  }
};

type Attempt = { readonly held: string } | { readonly owner: Owner } | undefined;

/** Either the lock, or who has it, or nothing when the scene has just changed. */
const attempt = async (folder: string, name: string): Promise<Attempt> => {
  const [newest = 0, ...older] = await generations(folder, name);
  const current = join(folder, `${name}.${newest}`);
  if (newest > 0) {
    const owner = parseOwner(await readFile(current, "utf8"));
    if (owner !== undefined && (await isAlive(current, owner))) return { owner };
  }
  const mine = join(folder, `${name}.${newest + 1}`);
  const draft = join(folder, `${draftPrefix(name)}${randomUUID()}`);
  const me: Owner = { pid: process.pid, host: hostname(), started: startedAt(process.pid) };
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    // Linking a whole file: a lock is never seen half written, and only one can create this generation.
    await link(draft, mine);
  } finally {
    await rm(draft, { force: true });
  }
  for (const dead of [newest, ...older].filter((generation) => generation > 0)) {
    await rm(join(folder, `${name}.${dead}`), { force: true });
  }
  // The lock is held by now, whatever becomes of these.
  await sweepDrafts(folder, name).catch(() => undefined);
  return { held: mine };
};

/** Lost races, which the next look settles. */
const RACES = new Set(["EEXIST", "ENOENT"]);

const tryAttempt = (folder: string, name: string): Effect.Effect<Attempt, Error> =>
  Effect.tryPromise({
    try: () =>
      attempt(folder, name).catch((cause: NodeJS.ErrnoException) => {
        if (RACES.has(cause.code ?? "")) return undefined;
        throw cause;
      }),
    catch: (cause) => cause as Error,
  });

const acquire = Effect.fnUntraced(function* (
  folder: string,
  name: string,
  onWait: (owner: string) => Effect.Effect<void>,
) {
  let told = false;
  while (true) {
    const result = yield* tryAttempt(folder, name);
    if (result !== undefined && "held" in result) return result.held;
    if (result !== undefined && !told) {
      told = true;
      yield* onWait(`process ${result.owner.pid} on ${result.owner.host}`);
    }
    yield* waitFor("tools-lock", POLL);
  }
});

/** Runs `use` while holding the lock `name` in the folder; waits for its holder. */
export const withFileLock = <A, E, R>(
  folder: string,
  name: string,
  onWait: (owner: string) => Effect.Effect<void>,
  use: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | Error, R> =>
  Effect.acquireUseRelease(
    Effect.interruptible(acquire(folder, name, onWait)),
    (file) => {
      const beat = Effect.promise(() => {
        const now = new Date();
        return utimes(file, now, now).catch(() => undefined);
      });
      return Effect.raceFirst(
        use,
        Effect.andThen(Effect.repeat(beat, Schedule.spaced(HEARTBEAT)), Effect.never),
      );
    },
    (file) => Effect.promise(() => rm(file, { force: true }).catch(() => undefined)),
  );
