import { writeFileSync } from "node:fs";
import { Effect, Result } from "effect";
import { readIdentity } from "../../../src/cli/flags/identity-file.ts";
import { layerReporterText } from "../../../src/render/text/ReporterText.ts";
import { PLAIN } from "../../../src/render/text/text.ts";
import { IDENTITY_JSON } from "../../cli/support.ts";
import { world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, refused, shown } from "../met.ts";
import { ownFile } from "../own-file.ts";
import { anything, encoded, mutated, tornText } from "../values.ts";
import type { Kind } from "./kind.ts";

const WHOLE: Readonly<Record<string, unknown>> = {
  ...IDENTITY_JSON,
  customer: "acme",
  environment: "eu",
  serveUrl: "https://x.example",
};

const text = (dice: Dice): string => {
  const fields = mutated(WHOLE, dice, anything(dice, [50, 300, 2_000]));
  return dice.mostly<() => string>(
    () => JSON.stringify(fields),
    [
      () => tornText(JSON.stringify(WHOLE), dice),
      () => tornText(JSON.stringify(fields), dice),
      () => JSON.stringify({ ...WHOLE, privateKey: tornText(String(WHOLE.privateKey), dice) }),
      () => JSON.stringify({ ...WHOLE, managementPlaneUrl: tornText("https://a.example", dice) }),
    ],
  )();
};

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["doctor", "FOLDER/identity.json", "--once"],
  ["doctor", "FOLDER/identity.json", "--once", "--output", "json"],
  ["upgrade", "FOLDER/identity.json", "--plan"],
];

/** The file as a command reads it, without the command. */
const read = (dice: Dice) =>
  Effect.gen(function* () {
    const file = ownFile("identity.json");
    writeFileSync(file, encoded(text(dice), dice), { mode: 0o600 });
    const decoded = yield* Effect.result(readIdentity(file));
    return Result.isSuccess(decoded) ? shown([decoded.success]) : refused(decoded.failure);
  }).pipe(Effect.provide(layerReporterText(PLAIN)));

export const identities: Kind = {
  name: "identity files",
  meet: (dice) =>
    dice.chance(0.95)
      ? read(dice)
      : cli(dice.mostly(COMMANDS[0] ?? [], COMMANDS, 0.8), {
          identityText: encoded(text(dice), dice),
        }).pipe(Effect.provide(world())),
};
