/** What hangs on the objects of an upgrade, and on what its chart looks up, where nothing is written before Helm is started. */
export interface RenderingStakes {
  /** Then no right depends on which objects there will be. */
  readonly mayEverything: boolean;
  /** Whether the chart renews it depends on what it looks up. */
  readonly certificateExpires: boolean;
  /** Some versions get it wrong when objects are dropped, and lookups decide which are. */
  readonly helmHasDefects: boolean;
  /** Whether the old identity is known, and can be put back when Helm refuses under the new one. */
  readonly identityRestorable: boolean;
}

/** Whether they have to be known before Helm is started. */
export const objectsMatter = (stakes: RenderingStakes): boolean =>
  !stakes.mayEverything ||
  stakes.certificateExpires ||
  stakes.helmHasDefects ||
  !stakes.identityRestorable;
