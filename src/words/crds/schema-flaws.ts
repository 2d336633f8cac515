import type { SchemaFlaw } from "../../domain/crds/schema.ts";

const problem = (flaw: SchemaFlaw): string => {
  switch (flaw._tag) {
    case "BelowMinimum":
      return `${flaw.value} is less than ${flaw.limit}`;
    case "AboveMaximum":
      return `${flaw.value} is more than ${flaw.limit}`;
    case "NoMultiple":
      return `${flaw.value} is no multiple of ${flaw.of}`;
    case "TooShort":
      return `is shorter than ${flaw.limit}`;
    case "TooLong":
      return `is longer than ${flaw.limit}`;
    case "NoMatch":
      return `does not match ${flaw.pattern}`;
    case "TooFew":
      return `has fewer than ${flaw.limit} ${flaw.of}`;
    case "TooMany":
      return `has more than ${flaw.limit} ${flaw.of}`;
    case "NotInEnum":
      return `${JSON.stringify(flaw.value)} is not one of ${flaw.allowed.map((one) => JSON.stringify(one)).join(", ")}`;
    case "WrongType":
      return `must be of type ${flaw.type}`;
    case "Missing":
      return "is required and not set";
    case "WouldBeDropped":
      return "is not in the new schema and would be dropped";
    case "NoneOfAnyOf":
      return "fits none of anyOf";
    case "NotOneOfOneOf":
      return "does not fit exactly one of oneOf";
    case "Excluded":
      return "is what `not` excludes";
    case "Null":
      return "must not be null";
    case "NeitherIntNorString":
      return "must be a whole number or a string";
  }
};

/** `spec.a is longer than 3` */
export const describeSchemaFlaw = (flaw: SchemaFlaw): string => `${flaw.path} ${problem(flaw)}`;
