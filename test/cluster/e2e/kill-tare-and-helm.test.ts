import { killSuite, POINTS } from "./kill-suite.ts";

killSuite("tare and helm", POINTS);
