import { Duration } from "effect";

/** A run that died lets its guard end within this time; one that lives moves the end on. */
export const GUARD_LIFE = Duration.seconds(60);
export const GUARD_RENEWAL = Duration.seconds(15);

/** Beyond the asked time, for a run that is busy when it is over. */
export const KEEPER_MARGIN = Duration.seconds(30);
