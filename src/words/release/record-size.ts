import { MAX_RECORD_BYTES } from "../../domain/release/release-size.ts";

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

export const describeRecordSize = (bytes: number): string =>
  `Helm's record of the release would take ${kilobytes(bytes)} of the ${kilobytes(MAX_RECORD_BYTES)} that a Secret can hold`;
