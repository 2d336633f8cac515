import { Context, Effect } from "effect";
import { type HelmDriver, helmDriverNamed } from "../domain/helm/driver.ts";

/** `HELM_DRIVER` of this process, whose environment its Helm has too. */
export const CurrentHelmDriver = Context.Reference<Effect.Effect<HelmDriver>>("tare/HelmDriver", {
  defaultValue: () => Effect.sync(() => helmDriverNamed(process.env.HELM_DRIVER ?? "")),
});
