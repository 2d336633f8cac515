import { assert, it } from "@effect/vitest";
import { SECRET_VARIABLES, takeSecrets } from "../../src/cli/secret-environment.ts";

it("secrets of the environment are kept for the flags, and inherited by nobody", () => {
  const env: NodeJS.ProcessEnv = { PATH: "/bin", TARE_OTEL_EXPORTER_AUTH_HEADERS: "Bearer x" };
  assert.deepStrictEqual(takeSecrets(env), {
    PATH: "/bin",
    TARE_OTEL_EXPORTER_AUTH_HEADERS: "Bearer x",
  });
  assert.deepStrictEqual(env, { PATH: "/bin" });
  assert.deepStrictEqual(
    [...SECRET_VARIABLES],
    ["TARE_OTEL_EXPORTER_AUTH_HEADERS", "TARE_IMAGE_PULL_SECRET"],
  );
});
