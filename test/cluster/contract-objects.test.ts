import { ofArea } from "../contract/cases.ts";
import { contractOnRealCluster } from "../contract/real-suite.ts";

contractOnRealCluster(
  "the contract, on a real API server",
  ofArea("cluster"),
  ({ helm4 }) => helm4,
);
