import { obstacles } from "./suite.ts";

obstacles("obstacles that were there before", ({ moment }) => moment === "before");
