import { ofArea } from "../contract/cases.ts";
import { contractOnRealCluster } from "../contract/real-suite.ts";

contractOnRealCluster("the contract, on the real Helm 4", ofArea("helm"), ({ helm4 }) => helm4);
