import { IN_ROLLBACK, signalsSuite } from "./signals-suite.ts";

signalsSuite(IN_ROLLBACK);
