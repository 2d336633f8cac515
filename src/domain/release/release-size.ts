/** The API server takes no Secret with more data than this. */
export const MAX_RECORD_BYTES = 1_048_576;
const NEARLY = 0.9;

type RecordSize = "fits" | "nearly" | "too-large";

/** `bytes` is the record as Helm stores it: gzipped JSON in base64. */
export const recordSize = (bytes: number): RecordSize => {
  if (bytes > MAX_RECORD_BYTES) return "too-large";
  return bytes > MAX_RECORD_BYTES * NEARLY ? "nearly" : "fits";
};
