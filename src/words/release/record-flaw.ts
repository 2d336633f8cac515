import type {
  FlawedRecord,
  MisleadingLabel,
  RecordDamage,
  RecordFlaw,
} from "../../domain/release/record-flaw.ts";

const describeDamage = (damage: RecordDamage): string => {
  switch (damage._tag) {
    case "Empty":
      return "it is empty";
    case "NeitherGzipNorJson":
      return "it is neither gzip nor JSON";
    case "TooLarge":
      return "it unpacks to more than 32 MiB, which no release does";
    case "BrokenGzip":
      return "its gzip is truncated or damaged";
    case "TooManyValues":
      return "it holds more values than any release does";
    case "TooDeep":
      return "it nests more deeply than any release does";
    case "NoJson":
      return "what it holds is no JSON";
    case "NoRecord":
      return "it holds no record of a release";
    case "NoRevision":
      return "it does not say which revision it is";
    case "WrongType":
      return `its ${damage.path} is no ${damage.type}`;
  }
};

const labelLine = ({ label, says, record }: MisleadingLabel): string =>
  says === undefined
    ? `it has no label ${label}, and is ${record}`
    : `its label ${label} says ${says}, and the record says ${record}`;

const describeFlaw = (flaw: RecordFlaw): string => {
  switch (flaw._tag) {
    case "Unreadable":
      return `cannot be read (${describeDamage(flaw.damage)})`;
    case "Misplaced":
      return `holds revision ${flaw.revision} of release ${flaw.namespace}/${flaw.name}`;
    case "Mislabelled":
      return `is not what it is labelled: ${flaw.labels.map(labelLine).join("; ")}`;
  }
};

export const describeRecord = (namespace: string, { kind, name, flaw }: FlawedRecord): string =>
  `${kind} ${namespace}/${name} ${describeFlaw(flaw)}`;
