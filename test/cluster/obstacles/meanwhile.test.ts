import { obstacles } from "./suite.ts";

obstacles("obstacles that come meanwhile", ["during", "after"]);
