/** Says what is past its end of life. It never fails: a date alone breaks no build. */
import { pastEndOfLife, SUPPORTED } from "./build/end-of-life.ts";

const past = pastEndOfLife(SUPPORTED, new Date());
for (const { what, until, source } of past) {
  console.log(`past its end of life: ${what}, since ${until} (${source})`);
}
if (past.length === 0) console.log("nothing is past its end of life");
