/** Tells the management plane where clients will reach the data plane, before there is one. */
import { Duration, Effect } from "effect";
import { registered } from "../../domain/events/serve-url.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { ServeUrlRefused } from "../../errors.ts";
import { ManagementPlane } from "../../services/events/ManagementPlane.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import { CLI_VERSION } from "../../version.ts";
import { describeDelivery } from "../../words/events/doctor.ts";

const ATTEMPTS = 3;
const BETWEEN = Duration.seconds(2);

/** Only what was given to this run: the plane has the others from where they came. */
const givenUrl = ({ carriedFlags }: UpgradeOptions): string | undefined => {
  const given = carriedFlags.get("serve-url");
  return typeof given === "string" ? given : undefined;
};

const attempt = Effect.fnUntraced(function* (identity: Identity, serveUrl: string) {
  const plane = yield* ManagementPlane;
  const outcome = yield* plane.register({
    workspace_id: identity.workspaceId,
    serve_url: serveUrl,
    cli_version: CLI_VERSION,
  });
  return registered(outcome);
});

/** Fails where the plane says no. One that does not answer keeps nobody from installing. */
export const registerServeUrl = Effect.fn("tare.register-serve-url")(function* (
  options: UpgradeOptions,
  identity: Identity,
) {
  const serveUrl = givenUrl(options);
  if (serveUrl === undefined) return;
  let seen = yield* attempt(identity, serveUrl);
  for (let tries = 1; tries < ATTEMPTS && seen._tag === "Unreachable" && seen.soon; tries++) {
    yield* waitFor("plane-again", BETWEEN);
    seen = yield* attempt(identity, serveUrl);
  }
  switch (seen._tag) {
    case "Registered":
      return yield* report({ _tag: "ServeUrlRegistered", serveUrl });
    case "Refused":
      return yield* new ServeUrlRefused({ serveUrl, detail: describeDelivery(seen.reason) });
    case "Unreachable":
      return yield* warn({
        code: "serve-url-not-registered",
        serveUrl,
        cause: describeDelivery(seen.reason),
      });
  }
});
