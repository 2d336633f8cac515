/** What an account is not allowed to do, and the rules that would allow it. */
import { type MissingRight, resourceName } from "../../domain/access/access.ts";

const where = (namespace: string | undefined): string =>
  namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;

/** E.g. `create, patch deployments.apps in namespace tars-system`. */
export const describePermission = ({ namespace, verbs, names, ...right }: MissingRight): string => {
  const which = names.length === 0 ? "" : ` (${names.join(", ")})`;
  return `${verbs.join(", ")} ${resourceName(right)}${which} ${where(namespace)}`;
};

const yamlList = (words: ReadonlyArray<string>): string =>
  `[${words.map((word) => (word === "" ? '""' : word)).join(", ")}]`;

/** As it stands under `rules:` of a Role or ClusterRole. */
const ruleFor = ({ group, resource, verbs }: MissingRight): string =>
  `- {apiGroups: ${yamlList([group])}, resources: ${yamlList([resource])}, verbs: ${yamlList(verbs)}}`;

/** Where each rule belongs, e.g. `a Role in namespace tars-system`. */
export const rulesByRole = (
  missing: ReadonlyArray<MissingRight>,
): ReadonlyArray<{ readonly role: string; readonly rules: ReadonlyArray<string> }> =>
  [...Map.groupBy(missing, ({ namespace }) => namespace)].map(([namespace, rights]) => ({
    role: namespace === undefined ? "a ClusterRole" : `a Role in namespace ${namespace}`,
    rules: rights.map(ruleFor),
  }));
