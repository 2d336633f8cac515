import type { Obstacle } from "../../domain/rollout/trouble/obstacle.ts";
import type { WithheldSecret } from "../../domain/rollout/trouble/withheld-secrets.ts";
import { describeRootCause } from "./trouble.ts";
import { describeWaiting } from "./waiting-for.ts";

const withheld = ({ pod, secret, hadItBefore }: WithheldSecret): string =>
  `pod ${pod} is ready but ${hadItBefore ? "did not get" : "never got"} TLS secret ${secret}${hadItBefore ? " again" : ""}: ` +
  "its listeners refuse connections (restarting the pod usually helps)";

export const describeObstacle = (obstacle: Obstacle): string => {
  switch (obstacle._tag) {
    case "PodInTrouble":
      return describeRootCause(obstacle.cause);
    case "Workload":
      return `${obstacle.name}: ${describeWaiting(obstacle.waitingFor)}`;
    case "SecretWithheld":
      return withheld(obstacle.secret);
    case "Unwatched":
      return obstacle.detail;
    case "Unstable":
      return "the data plane is ready but has not been stable long enough";
    case "Interrupted":
      return "interrupted before the data plane had settled";
  }
};
