/** Colours are for eyes: a terminal, unless the operator asked for none (https://no-color.org). */
export const wantsColours = ({ stderr, env }: Pick<NodeJS.Process, "stderr" | "env">): boolean =>
  stderr.isTTY === true && (env.NO_COLOR ?? "") === "";
