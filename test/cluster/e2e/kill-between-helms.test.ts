import { WITHOUT_HELM } from "./kill-points.ts";
import { killSuite } from "./kill-suite.ts";

/** Where no Helm runs, to kill tare is to kill both. */
killSuite("tare and helm", WITHOUT_HELM);
