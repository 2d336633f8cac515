import { createServer, type Server } from "node:net";
import { Effect } from "effect";
import { TestClock } from "effect/testing";
import type { DeliveryOutcome } from "../../../src/domain/events/delivery.ts";
import { EventOutbox } from "../../../src/services/events/EventOutbox.ts";
import { ManagementPlane } from "../../../src/services/events/ManagementPlane.ts";
import { layerManagementPlaneHttp } from "../../../src/services/events/ManagementPlaneHttp.ts";
import { describeEventReason } from "../../../src/words/events/doctor.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";
import { IDENTITY, ROLLED_BACK, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met } from "../met.ts";
import { hostileText } from "../values.ts";
import type { Kind } from "./kind.ts";

const EVENT = installEvent({ ...ROLLED_BACK, workspaceId: IDENTITY.workspaceId });

const STATUSES = [200, 202, 204, 301, 307, 400, 401, 403, 404, 407, 409, 413, 422, 429, 500, 503];
const ODD_STATUSES = [0, 99, 100, 101, 103, 304, 600, 999];

const RETRY_AFTER = ["1", "0", "-5", "99999999999999999999", "1e9", "Fri, 31 Feb 2026", "soon"];

/** A header holds no line ends, or it would be two. */
const inHeader = (text: string): string => text.replaceAll(/[\r\n\0]/g, " ").slice(0, 20_000);

const head = (dice: Dice, length: string): string =>
  [
    `HTTP/1.1 ${dice.mostly(dice.pick(STATUSES), ODD_STATUSES, 0.9)} ${dice.chance(0.9) ? "Fine" : inHeader(hostileText(dice))}`,
    `Retry-After: ${dice.chance(0.7) ? dice.pick(RETRY_AFTER) : inHeader(hostileText(dice))}`,
    ...(dice.chance(0.2) ? [`X-Other: ${inHeader(hostileText(dice))}`] : []),
    ...(dice.chance(0.1) ? ["Content-Type: application/json", "Set-Cookie: a=b"] : []),
    ...(dice.chance(0.1) ? ["Location: http://127.0.0.1:1/elsewhere"] : []),
    length,
    "Connection: close",
    "",
    "",
  ].join("\r\n");

const body = (dice: Dice): Buffer =>
  Buffer.from(
    dice.mostly<() => string>(
      () => hostileText(dice),
      [
        () => JSON.stringify({ message: hostileText(dice), detail: [hostileText(dice)] }),
        () => `<html>${hostileText(dice)}</html>`,
        () =>
          hostileText(dice)
            .slice(0, 1_000)
            .repeat(1 + dice.int(3_000)),
        () => "",
      ],
    )(),
    dice.mostly("utf8", ["latin1", "utf16le"]),
  );

/** What comes over the wire, well formed more often than not. */
const answer = (dice: Dice): Buffer => {
  const said = body(dice);
  const sized = () =>
    Buffer.concat([Buffer.from(head(dice, `Content-Length: ${said.length}`)), said]);
  const chunked = (size: string) =>
    Buffer.concat([
      Buffer.from(`${head(dice, "Transfer-Encoding: chunked")}${size}\r\n`),
      said,
      Buffer.from("\r\n0\r\n\r\n"),
    ]);
  return dice.mostly<() => Buffer>(sized, [
    () => chunked(said.length.toString(16)),
    () => chunked(dice.pick(["ffffffffffffffff", "-1", "zz"])),
    () => Buffer.concat([Buffer.from(head(dice, `Content-Length: ${said.length + 10}`)), said]),
    () => Buffer.concat([Buffer.from(head(dice, "Content-Length: 1\r\nContent-Length: 2")), said]),
    () => Buffer.concat([Buffer.from(head(dice, "X-No: length")), said]),
    () => sized().subarray(0, dice.int(200)),
    () => said,
    () => Buffer.alloc(0),
  ])();
};

interface Wire {
  readonly port: number;
  next: Buffer;
}

/** One for all of a process. */
let wire: Promise<Wire> | undefined;
const ownWire = (): Promise<Wire> => {
  wire ??= new Promise((resolve) => {
    const server: Server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(made.next));
    });
    const made = { port: 0, next: Buffer.alloc(0) };
    server.unref();
    server.listen(0, "0.0.0.0", () => {
      const address = server.address();
      made.port = typeof address === "object" && address !== null ? address.port : 0;
      resolve(made);
    });
  });
  return wire;
};

const byTheDoctor = (outcome: DeliveryOutcome, dice: Dice) =>
  Effect.gen(function* () {
    yield* Effect.orDie((yield* EventOutbox).write(EVENT));
    const plane = ManagementPlane.of({
      send: () => Effect.succeed(outcome),
      register: () => Effect.succeed(outcome),
    });
    const json = dice.pick([[], ["--output", "json"]]);
    return yield* Effect.provideService(
      cli(["doctor", "FOLDER/identity.json", "--once", ...json]),
      ManagementPlane,
      plane,
    );
  }).pipe(Effect.provide(world()));

/** The real client's word for it, now and then told by the doctor. */
const told = (dice: Dice) =>
  Effect.gen(function* () {
    const line = yield* Effect.promise(ownWire);
    line.next = answer(dice);
    // Another address each time, since the system keeps a pair of ports for a while.
    const host = `127.0.${dice.int(200)}.${1 + dice.int(250)}`;
    const identity = { ...IDENTITY, managementPlaneUrl: `http://${host}:${line.port}` };
    const outcome = yield* Effect.flatMap(ManagementPlane, (plane) =>
      plane.send(JSON.stringify(EVENT)),
    ).pipe(Effect.provide(layerManagementPlaneHttp(identity)), TestClock.withLive);
    if (dice.chance(0.95)) {
      return {
        lines: "reason" in outcome ? [describeEventReason(outcome.reason)] : [],
      } satisfies Met;
    }
    return yield* byTheDoctor(outcome, dice);
  });

export const planeAnswers: Kind = {
  name: "plane answers",
  meet: told,
};
