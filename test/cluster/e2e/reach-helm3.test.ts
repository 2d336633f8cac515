import { reachSuite } from "./reach-suite.ts";

reachSuite("helm3");
