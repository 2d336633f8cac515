/** A program without Effect that upgrades: what it is told, or refused with, as one line of JSON. */
import { Duration } from "effect";
import { runUpgrade } from "../../../src/index.ts";

const [identityFile = ""] = process.argv.slice(2);

const ended = await runUpgrade({ settleTime: Duration.seconds(3) }, identityFile).then(
  ({ revision, toVersion }) => ({ revision, toVersion }),
  ({ _tag, exitCode, why }) => ({ _tag, exitCode, why }),
);
console.log(JSON.stringify(ended));
