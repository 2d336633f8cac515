import { conflictsSuite } from "./conflicts-suite.ts";

conflictsSuite("helm4", "helm4");
