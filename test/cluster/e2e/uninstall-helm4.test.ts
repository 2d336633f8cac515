import { obstaclesSuite, uninstallSuite } from "./uninstall-suite.ts";

uninstallSuite("helm4");
obstaclesSuite("helm4");
