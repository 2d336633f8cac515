/** Writes the JSON Schema of `--output json`, generated from the schemas that the records are made with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputJsonSchema } from "../src/render/json/json-records.ts";

const file = join(import.meta.dirname, "../docs/json-output.schema.json");
writeFileSync(file, `${JSON.stringify(outputJsonSchema(), null, 2)}\n`);
