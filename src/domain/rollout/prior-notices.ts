/** What is said of that which an upgrade is not judged by. */
import type { PriorGateway, PriorState } from "./prior-state.ts";

const whyNot = ({
  ours,
  controller,
  className,
  servedBy,
  well,
}: PriorGateway): string | undefined => {
  if (!ours) return `its class ${className} belongs to ${controller}`;
  if (servedBy.length === 0) return "nothing serves it";
  return well ? undefined : `${servedBy.join(", ")} is not well`;
};

const listed = (lines: ReadonlyArray<string>, lead: string): ReadonlyArray<string> =>
  lines.length === 0 ? [] : [`${lead}: ${lines.join("; ")}`];

export const priorNotices = ({ gateways, workloads }: PriorState): ReadonlyArray<string> => [
  ...listed(
    [...gateways].flatMap(([place, gateway]) => {
      const why = whyNot(gateway);
      return why === undefined ? [] : [`${place} (${why})`];
    }),
    "Gateways that were not served before this upgrade, which it is not judged by unless they are the release's own",
  ),
  ...listed(
    [...workloads].flatMap(([key, { ailment, ready, desired }]) =>
      ailment === undefined ? [] : [`${key} (${ready}/${desired} ready, ${ailment})`],
    ),
    "not well before this upgrade",
  ),
  ...listed(
    [...workloads].flatMap(([key, { paused }]) => (paused ? [key] : [])),
    "paused, so that its pods stay as they are until it is resumed",
  ),
];
