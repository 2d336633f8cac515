import { BEFORE_HELM, signalsSuite } from "./signals-suite.ts";

signalsSuite(BEFORE_HELM);
