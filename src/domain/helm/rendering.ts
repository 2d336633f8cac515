/** What hangs on how exactly a chart was rendered before Helm is started, where nothing is written before Helm. */
export interface RenderingStakes {
  /** Then no right depends on which objects there will be. */
  readonly mayEverything: boolean;
  /** Whether the chart renews it depends on what it looks up. */
  readonly certificateExpires: boolean;
  /** Some versions get it wrong when objects are dropped, and lookups decide which are. */
  readonly helmHasDefects: boolean;
}

/**
 * Whether Helm has to ask the server while it renders, which takes it three times as long. `helm upgrade` asks once more right
 * before its own first write, and writes nothing when the answer is no.
 */
export const serverDecides = (stakes: RenderingStakes): boolean =>
  !stakes.mayEverything || stakes.certificateExpires || stakes.helmHasDefects;
