/** What is wrong with an identity file; no value of it is ever quoted. */
import type { Expectation, IdentityProblem } from "../../domain/identity/identity.ts";
import { describeKey, USABLE_KEYS } from "./keys.ts";

const FILLED = "a string that is not empty";

const expectation = (expected: Expectation): string => {
  switch (expected._tag) {
    case "Json":
      return "JSON";
    case "JsonObject":
      return "a JSON object";
    case "Type":
      return '"service_account"';
    case "Url":
      return "an http:// or https:// URL";
    case "PrivateKey":
      return "an unencrypted private key in PEM format";
    case "SigningKey":
      return `a key that can sign tokens (${USABLE_KEYS}), found ${describeKey(expected.found)}`;
    case "OneLine":
      return "one line of text without control characters";
    case "Text":
      return "a string";
    case "FilledText":
      return expected.isNumber ? `${FILLED}, found a number: put it in quotes` : FILLED;
  }
};

export const describeIdentityProblem = ({ field, isMissing, expected }: IdentityProblem): string =>
  [
    field === undefined ? "" : `${field}: `,
    isMissing ? "missing; " : "",
    `expected ${expectation(expected)}`,
  ].join("");
