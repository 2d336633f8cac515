import { Context, Effect } from "effect";
import { DEFAULT_MAX_HISTORY } from "../../domain/checks/object-room.ts";
import { type HelmDriver, helmDriverNamed } from "../../domain/helm/driver.ts";

/** `HELM_DRIVER` of this process, whose environment its Helm has too. */
export const CurrentHelmDriver = Context.Reference<Effect.Effect<HelmDriver>>("tare/HelmDriver", {
  defaultValue: () => Effect.sync(() => helmDriverNamed(process.env.HELM_DRIVER ?? "")),
});

/** `HELM_MAX_HISTORY` of this process: how many records its Helm keeps of a release, 0 for all of them. */
export const CurrentMaxHistory = Context.Reference<Effect.Effect<number>>("tare/HelmMaxHistory", {
  defaultValue: () =>
    Effect.sync(() => {
      const text = process.env.HELM_MAX_HISTORY ?? "";
      return /^\d+$/.test(text) ? Number(text) : DEFAULT_MAX_HISTORY;
    }),
});
