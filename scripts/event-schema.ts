/** Writes the JSON Schema of an install event, generated from the schema that events are made with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installEventJsonSchema } from "../src/words/events/event-schema.ts";

const file = join(import.meta.dirname, "../docs/install-event.schema.json");
writeFileSync(file, `${JSON.stringify(installEventJsonSchema(), null, 2)}\n`);
