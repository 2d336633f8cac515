import type { CarriedForward } from "../../domain/values/carry-over.ts";

/** As the product page has it. */
export const carriedLine = ({ registry, customer, environment, otel }: CarriedForward): string =>
  `carried forward: registry=${registry} customer=${customer} env=${environment} otel=${otel}`;
