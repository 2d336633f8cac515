import { rollbackSuite } from "./rollback-suite.ts";

rollbackSuite("helm3");
