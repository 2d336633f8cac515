import { WITH_HELM } from "./kill-points.ts";
import { killSuite } from "./kill-suite.ts";

/** Helm goes on without it. */
killSuite("tare", WITH_HELM);
