import { installSuite } from "./install-suite.ts";

installSuite("helm3");
