import { conflictsSuite } from "./conflicts-suite.ts";

conflictsSuite("helm3", "helm4");
