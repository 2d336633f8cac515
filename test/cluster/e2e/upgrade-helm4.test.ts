import { upgradeSuite } from "./upgrade-suite.ts";

upgradeSuite("helm4");
