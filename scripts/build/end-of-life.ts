/** Until when what a release is made of gets fixes, as its projects have published it. */
export interface Support {
  readonly what: string;
  /** The last day, by UTC. */
  readonly until: string;
  /** Where that is said. */
  readonly source: string;
}

export const SUPPORTED: ReadonlyArray<Support> = [
  {
    what: "Envoy Gateway 1.8",
    until: "2026-11-08",
    source: "https://gateway.envoyproxy.io/news/releases/matrix/",
  },
  {
    what: "Helm 3 (as a tool of the operator's)",
    until: "2027-02-10",
    source: "https://helm.sh/blog/helm-v3-end-of-life",
  },
  {
    what: "Node.js 24",
    until: "2028-04-30",
    source: "https://github.com/nodejs/release#release-schedule",
  },
];

/** Those whose last day has passed. */
export const pastEndOfLife = (all: ReadonlyArray<Support>, now: Date): ReadonlyArray<Support> => {
  const today = now.toISOString().slice(0, 10);
  return all.filter(({ until }) => until < today);
};
