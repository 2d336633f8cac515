import { ofArea } from "../contract/cases.ts";
import { contractOnRealCluster } from "../contract/real-suite.ts";

contractOnRealCluster("the contract, on the real Helm 3", ofArea("helm"), ({ helm3 }) => helm3);
