/** The doctor's visits to a simulated release. */
import { Context, Effect } from "effect";
import { DEFAULT_DOCTOR_OPTIONS, doctor } from "../../src/operations/doctor.ts";
import { FakeManagementPlane, IDENTITY } from "../fakes/index.ts";
import { runIn, type Simulation, wait } from "./simulation.ts";

/** After so long nobody can still be at work on a revision. */
const ABANDONED_MILLIS = 60 * 60 * 1_000;

/** One tick of the CronJob, however it ends. */
export const visit = ({ time, services }: Simulation): void => {
  runIn(time, services, Effect.exit(doctor(DEFAULT_DOCTOR_OPTIONS, IDENTITY)));
};

/** The rows that are shown in the end; a tick more must not change them. */
export const lastVisits = (simulation: Simulation): ReadonlyArray<string> => {
  const plane = Context.get(simulation.services, FakeManagementPlane);
  wait(simulation, ABANDONED_MILLIS);
  visit(simulation);
  const sent = Effect.runSync(plane.attempts);
  visit(simulation);
  if (Effect.runSync(plane.attempts) !== sent) throw new Error("a second tick sent again");
  return Effect.runSync(plane.rows);
};
