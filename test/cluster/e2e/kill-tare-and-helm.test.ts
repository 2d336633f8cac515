import { WITH_HELM } from "./kill-points.ts";
import { killSuite } from "./kill-suite.ts";

killSuite("tare and helm", WITH_HELM);
