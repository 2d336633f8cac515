import { Config, Duration, Effect, type Layer } from "effect";
import { CliError, Command, Flag } from "effect/cli";
import { DEFAULT_DOCTOR_OPTIONS as DEFAULTS, type DoctorOptions, doctor } from "../doctor.ts";
import type { Identity } from "../domain/identity.ts";
import { waitFor } from "../domain/waiting.ts";
import type { ManagementPlane } from "../services/ManagementPlane.ts";
import { readIdentity } from "./identity-file.ts";
import { inOperatorShell, operatorEnvironment } from "./operator-environment.ts";
import { reportOperatorError } from "./operator-failure.ts";
import { outputFlag } from "./output.ts";
import {
  clusterFlags,
  duration,
  identityFile,
  releaseFlags,
  releaseWords,
} from "./upgrade-flags.ts";

const retentionHours = Config.Int("TARE_EVENT_RETENTION_HOURS").pipe(
  Config.withDefault(Duration.toHours(DEFAULTS.retention)),
  Effect.filterOrFail((hours) => hours >= 0),
  Effect.mapError(
    () =>
      new CliError.ValidationError({
        message: "TARE_EVENT_RETENTION_HOURS: expected a number of hours",
      }),
  ),
);

const flags = {
  identityFile,
  once: Flag.Boolean("once").pipe(
    Flag.withDescription("Do one tick and end, as the CronJob does (default: false)"),
    Flag.withDefault(false),
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Say what one tick would write and send, and do neither (default: false)"),
    Flag.withDefault(false),
  ),
  interval: duration("interval").pipe(
    Flag.withDescription("Time between two ticks without --once (default: 5m)"),
    Flag.withDefault(Duration.minutes(5)),
  ),
  eventRetentionHours: Flag.Int("event-retention-hours").pipe(
    Flag.withDescription(
      "How long a forwarded event stays in the cluster at least; also TARE_EVENT_RETENTION_HOURS (default: 168)",
    ),
    Flag.filter(
      (hours) => hours >= 0,
      () => "a number of hours",
    ),
    Flag.withDefault(retentionHours),
  ),
  staleAfter: duration("stale-after").pipe(Flag.withHidden, Flag.withDefault(DEFAULTS.staleAfter)),
  output: outputFlag,
  ...clusterFlags,
  ...releaseFlags,
};

type DoctorInput = Command.Command.Config.Infer<typeof flags>;

const optionsOf = (input: DoctorInput): DoctorOptions => ({
  release: { name: input.releaseName, namespace: input.systemNamespace },
  retention: Duration.hours(input.eventRetentionHours),
  staleAfter: input.staleAfter,
  dryRun: input.dryRun,
});

const EXIT_CODES = `Exit codes:
  0 everything was sent, or nothing was to be done · 2 usage or bad input · 10 the cluster cannot be used, or another workspace's identity
  13 another doctor is at work · 30 events wait for the next tick · 130/143/129 interrupted by a signal · 1 unexpected`;

/** What the tare-doctor CronJob runs. */
export const doctorCommand = (plane: (identity: Identity) => Layer.Layer<ManagementPlane>) =>
  Command.make(
    "doctor",
    flags,
    Effect.fn("tare.command.doctor")(function* (input) {
      const tell = Effect.fnUntraced(function* (error: Parameters<typeof reportOperatorError>[0]) {
        const env = yield* operatorEnvironment(input);
        const once = input.once ? ["--once"] : [];
        const dryRun = input.dryRun ? ["--dry-run"] : [];
        const given = [input.identityFile, ...once, ...dryRun, ...releaseWords(input)];
        return yield* reportOperatorError(error, { ...env, otherCommand: ["doctor", ...given] });
      });
      const identity = yield* Effect.catch(readIdentity(input.identityFile), tell);
      const tick = Effect.catch(doctor(optionsOf(input), identity), tell);
      // Whatever kept one tick from its work may have passed by the next.
      const forever = Effect.forever(
        Effect.andThen(Effect.ignore(tick), waitFor("next-tick", input.interval)),
      );
      const ticks = input.once || input.dryRun ? Effect.asVoid(tick) : Effect.asVoid(forever);
      yield* Effect.provide(inOperatorShell(input)(ticks), plane(identity));
    }, Effect.interruptible),
  ).pipe(
    Command.withShortDescription("Forward deployment events and complete the deployment history"),
    Command.withDescription(
      `Forward the events that wait in the cluster to the management plane, write those that were never written, and remove old ones. The tare-doctor CronJob runs it with --once.

${EXIT_CODES}`,
    ),
  );
