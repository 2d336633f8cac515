import { isRefusal } from "./obstacle.ts";
import { obstacles } from "./suite.ts";

obstacles(
  "obstacles that come while Helm works",
  (one) => one.moment === "during" && !isRefusal(one),
);
