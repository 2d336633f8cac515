import { obstacles } from "./suite.ts";

obstacles("obstacles that come after Helm", ({ moment }) => moment === "after");
