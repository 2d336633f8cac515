import { killSuite, POINTS } from "./kill-suite.ts";

/** Where no Helm runs there is no difference to killing both. */
killSuite(
  "tare",
  POINTS.filter(({ name }) => name.includes("Helm") || name.includes("our rollback")),
);
