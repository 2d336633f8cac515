import { Config, Duration, Effect, type Layer } from "effect";
import { CliError, Command, Flag } from "effect/cli";
import type { Identity } from "../../domain/identity/identity.ts";
import { DOCTOR } from "../../domain/run/operation.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import {
  DEFAULT_DOCTOR_OPTIONS as DEFAULTS,
  type DoctorOptions,
  doctor,
} from "../../operations/doctor.ts";
import type { ManagementPlane } from "../../services/events/ManagementPlane.ts";
import { declare, flagsOf, time, toggle } from "../flags/declared-flag.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { duration } from "../flags/kinds.ts";
import { outputFlag } from "../flags/output.ts";
import { clusterFlags, identityFile, releaseFlags, releaseWords } from "../flags/shared-flags.ts";
import { DOCTOR_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { DOCTOR_EXIT_CODES } from "./exit-codes.ts";

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

/** Its flags beside those that say which cluster, which release and how to report. */
export const DOCTOR_FLAGS = {
  once: toggle("once", false, { help: "Do one tick and end, as the CronJob does" }),
  dryRun: toggle("dry-run", false, {
    help: "Show what one tick would write and send, without doing it",
  }),
  interval: time("interval", Duration.minutes(5), duration("interval"), {
    help: "Time between two ticks without --once",
  }),
  eventRetentionHours: declare(
    "event-retention-hours",
    Flag.Int("event-retention-hours").pipe(
      Flag.filter(
        (hours) => hours >= 0,
        () => "a number of hours",
      ),
      Flag.withDefault(retentionHours),
    ),
    {
      help: "How long a forwarded event stays in the cluster at least; also TARE_EVENT_RETENTION_HOURS",
      preset: String(Duration.toHours(DEFAULTS.retention)),
      page: "docs/events.md",
    },
    (hours) => ["--event-retention-hours", String(hours)],
  ),
  staleAfter: time("stale-after", DEFAULTS.staleAfter, duration("stale-after"), {
    help: "How long a revision may be pending until its run counts as dead",
    isAdvanced: true,
  }),
};

const flags = {
  identityFile,
  ...flagsOf(DOCTOR_FLAGS),
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
        const words = [input.identityFile, ...once, ...dryRun, ...releaseWords(input)];
        return yield* reportOperatorError(error, { ...env, ran: { operation: DOCTOR, words } });
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
      "Forward the events that wait in the cluster to the management plane, write those that were never written, and remove old ones. The tare-doctor CronJob runs it with --once.",
    ),
    Command.annotate(HelpExtrasOf, {
      exitCodes: DOCTOR_EXIT_CODES,
      environment: DOCTOR_ENVIRONMENT,
      flags: DOCTOR_FLAGS,
    }),
  );
