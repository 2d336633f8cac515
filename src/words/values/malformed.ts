import type { MalformedValue } from "../../domain/values/carry-over.ts";

export const describeMalformed = ({ path, expected, found }: MalformedValue): string =>
  `${path}: expected a ${expected}, found ${found}`;
