/** The API server takes no Secret with more data than this. */
const MAX_RECORD_BYTES = 1_048_576;
const NEARLY = 0.9;

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

type RecordSize = "fits" | "nearly" | "too-large";

/** `bytes` is the record as Helm stores it: gzipped JSON in base64. */
export const recordSize = (bytes: number): RecordSize => {
  if (bytes > MAX_RECORD_BYTES) return "too-large";
  return bytes > MAX_RECORD_BYTES * NEARLY ? "nearly" : "fits";
};

export const describeRecordSize = (bytes: number): string =>
  `Helm's record of the release would take ${kilobytes(bytes)} of the ${kilobytes(MAX_RECORD_BYTES)} that a Secret can hold`;
