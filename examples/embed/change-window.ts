/** A step of our own: changes are allowed only at certain hours. */
import { Clock, Context, Data, Effect, Layer } from "effect";
import type { Phase } from "tare";

export class WindowClosed extends Data.TaggedError("WindowClosed")<{ readonly hour: number }> {
  override get message() {
    return `no changes at ${this.hour}:00 UTC`;
  }
}

/** When the cluster may be changed; the last hour is not part of it. */
export class ChangeWindow extends Context.Service<
  ChangeWindow,
  { readonly fromHour: number; readonly toHour: number }
>()("embed-example/ChangeWindow") {
  static readonly layer = (fromHour: number, toHour: number): Layer.Layer<ChangeWindow> =>
    Layer.succeed(ChangeWindow, ChangeWindow.of({ fromHour, toHour }));
}

export const changeWindow: Phase<void, void, WindowClosed, ChangeWindow> = {
  id: "change-window",
  title: "Change window",
  run: Effect.fnUntraced(function* () {
    const { fromHour, toHour } = yield* ChangeWindow;
    const hour = new Date(yield* Clock.currentTimeMillis).getUTCHours();
    if (hour < fromHour || hour >= toHour) return yield* new WindowClosed({ hour });
  }),
};
