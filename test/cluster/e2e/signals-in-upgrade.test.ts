import { IN_UPGRADE, signalsSuite } from "./signals-suite.ts";

signalsSuite(IN_UPGRADE);
