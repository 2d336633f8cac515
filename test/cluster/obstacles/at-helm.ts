/** A Helm that stops for a moment: right before its upgrade, or right after it. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../e2e/running-tare.ts";
import type { Operator } from "../e2e/tare.ts";

export interface Stopping {
  readonly who: Operator;
  /** Does the work while Helm stands still; nothing where it never came so far. */
  readonly meanwhile: (work: () => Promise<void>, ended: Promise<unknown>) => Promise<void>;
}

export const stoppingAt = (who: Operator, moment: "during" | "after"): Stopping => {
  const folder = mkdtempSync(join(who.home, "stopping-"));
  const [reached, go] = [join(folder, "reached"), join(folder, "go")];
  const stand = `: > '${reached}'; while [ ! -e '${go}' ]; do sleep 0.05; done`;
  const helm = `'${who.helm}' "$@"`;
  const lines = [
    "#!/bin/sh",
    `case "$*" in`,
    `  *--dry-run*) ;;`,
    moment === "during"
      ? `  upgrade*) ${stand} ;;`
      : `  upgrade*) ${helm}; code=$?; [ -e '${reached}' ] || { ${stand}; }; exit $code ;;`,
    "esac",
    `exec ${helm}`,
  ];
  const file = join(folder, "helm");
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o755 });
  return {
    who: { ...who, helm: file },
    meanwhile: async (work, ended) => {
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      await until("Helm to stand still", () => isOver || existsSync(reached), 120);
      if (existsSync(reached)) await work();
      writeFileSync(go, "");
    },
  };
};
