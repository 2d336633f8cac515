/** What Helm does about fields of its release that others own. */
import { assert } from "@effect/vitest";
import { Effect, Option } from "effect";
import { ConfigMap, stringAt } from "../../../src/domain/kube/objects.ts";
import { Helm } from "../../../src/services/helm/Helm.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { historyLines, rollback, upgrade } from "../helm-steps.ts";
import { type ContractCase, type ContractChart, Stage, withHelm } from "../stage.ts";

const chartWith = (version: string, colour: string): ContractChart => ({
  version,
  configMaps: { paint: { colour } },
});

const RED = chartWith("1.0.0", "red");
const GREEN = chartWith("2.0.0", "green");

const paintedBySomebody = Effect.gen(function* () {
  const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
  const metadata = { name: "paint", namespace };
  yield* kubectl.apply(
    ConfigMap,
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { colour: "blue" } },
    { fieldManager: "painter", force: true },
  );
});

const colour = Effect.gen(function* () {
  const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
  const found = yield* kubectl.get({ type: ConfigMap, name: "paint", namespace });
  return stringAt(Option.getOrUndefined(found), "data", "colour");
});

const installed = Effect.gen(function* () {
  const { code, errorText } = yield* upgrade({ chart: RED });
  assert.strictEqual(code, 0, errorText);
});

const methodOf = Effect.fnUntraced(function* (revision: number) {
  const [{ release }, helm] = [yield* Stage, yield* Helm];
  return yield* helm.applyMethod(release, revision);
});

const CONFLICT =
  /conflict occurred while applying object \S+\/paint \/v1, Kind=ConfigMap: Apply failed with 1 conflict: conflict with "painter": \.data\.colour/;

export const fieldOwners: ReadonlyArray<ContractCase> = [
  withHelm(
    "a field that somebody else owns stops Helm 4, in the upgrade and in its rollback, and not Helm 3",
    Effect.gen(function* () {
      const { helmMajor } = yield* Stage;
      yield* installed;
      assert.strictEqual(yield* methodOf(1), helmMajor === 4 ? "server" : "client");
      yield* paintedBySomebody;
      const { code, errorText } = yield* upgrade({ chart: GREEN, atomic: true });
      if (helmMajor === 3) {
        assert.strictEqual(code, 0, errorText);
        return assert.strictEqual(yield* colour, "green");
      }
      assert.match(errorText, CONFLICT);
      assert.strictEqual(yield* colour, "blue");
      const [, , last = ""] = yield* historyLines;
      assert.match(last, /^3 failed Rollback "app" failed: conflict occurred/);
      assert.match((yield* rollback(1)).errorText, CONFLICT);
    }),
  ),
  withHelm(
    "a field that somebody else owns is taken over when Helm is told to, in both directions",
    Effect.gen(function* () {
      yield* installed;
      yield* paintedBySomebody;
      const exit = yield* upgrade({ chart: GREEN, atomic: true, takeOver: true });
      assert.strictEqual(exit.code, 0, exit.errorText);
      assert.strictEqual(yield* colour, "green");
      yield* paintedBySomebody;
      const back = yield* rollback(1, true);
      assert.strictEqual(back.code, 0, back.errorText);
      assert.strictEqual(yield* colour, "red");
    }),
  ),
];
