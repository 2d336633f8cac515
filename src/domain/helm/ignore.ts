/** Characters by which a rule says more than a name. */
const BEYOND_NAMES = /[[\]!\\]|\/./;

const nameRule = (rule: string): RegExp =>
  new RegExp(
    `^${rule
      .replace(/[.+^$(){}|]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]")}$`,
  );

/**
 * Whether Helm leaves out a file of a chart, by its path within it, as the text of `.helmignore` says. Rules by name are
 * understood, for files and (`docs/`) folders, which are nearly all there are; `undefined` when one is not.
 * Source: https://helm.sh/docs/chart_template_guide/helm_ignore_file/
 */
export const helmIgnores = (text: string): ((path: string) => boolean) | undefined => {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (rules.some((rule) => BEYOND_NAMES.test(rule) || rule.includes("**"))) return undefined;
  const folders = rules
    .filter((rule) => rule.endsWith("/"))
    .map((rule) => nameRule(rule.slice(0, -1)));
  const names = rules.filter((rule) => !rule.endsWith("/")).map(nameRule);
  return (path) => {
    const steps = path.split("/");
    return (
      steps.some((step) => names.some((rule) => rule.test(step))) ||
      steps.slice(0, -1).some((step) => folders.some((rule) => rule.test(step)))
    );
  };
};
