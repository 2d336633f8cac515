import { isRefusal } from "./obstacle.ts";
import { obstacles } from "./suite.ts";

obstacles(
  "policies and webhooks that come while Helm works",
  (one) => one.moment === "during" && isRefusal(one),
);
