import { obstaclesSuite, uninstallSuite } from "./uninstall-suite.ts";

uninstallSuite("helm3");
obstaclesSuite("helm3");
