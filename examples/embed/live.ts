/** `node live.ts identity.json`: tare's upgrade on a real cluster, in a program that uses Effect. */
import { readFileSync } from "node:fs";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Console, Effect, Redacted, Result } from "effect";
import {
  DEFAULT_UPGRADE_OPTIONS,
  decodeIdentity,
  layerReporterStderr,
  liveServices,
  upgrade,
} from "tare";

const file = process.argv[2] ?? "identity.json";
const text = Redacted.make(readFileSync(file, "utf8"), { label: file });

const program = Effect.gen(function* () {
  const decoded = decodeIdentity(text);
  if (Result.isFailure(decoded)) return yield* Effect.die(decoded.failure);
  const { identity } = decoded.success;
  const { revision, toVersion } = yield* upgrade(DEFAULT_UPGRADE_OPTIONS, identity);
  yield* Console.log(`revision ${revision} runs ${toVersion}`);
}).pipe(
  Effect.catchTag("SingleReplica", ({ why }) => Console.error(`not now: ${why.join("; ")}`)),
  Effect.provide(
    liveServices({ kubeconfig: undefined, context: undefined }, layerReporterStderr()),
  ),
  Effect.provide(NodeServices.layer),
);

NodeRuntime.runMain(program);
