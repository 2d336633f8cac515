import { forHelmSuite } from "./install-for-helm-suite.ts";

forHelmSuite("helm4");
