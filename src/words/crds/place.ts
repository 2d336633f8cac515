/** `namespace/name`, or only the name. */
export const placed = ({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace: string | undefined;
}): string => (namespace === undefined ? name : `${namespace}/${name}`);
