import { Redacted } from "effect";

const SECRET_NAME =
  /pass(?:word|wd|phrase)|pass\b|secret|token|(?:api|access|private|signing|encryption)[-_]?key|credential|pwd|dsn\b|authorization|headers?\b/i;

/** As the last word of a path: `redis.auth`, `llm.openai.key`, `licenseKey`. */
const SECRET_ENDING =
  /(?:^|[._-]|[a-z](?=[A-Z]))(?:[Kk]ey|[Aa]uth|[Pp]em|[Ss]as|[Cc]onnection[Ss]tring)$/;

/** Whether a values path or field name promises something that must not be printed. */
export const looksSecret = (name: string): boolean =>
  SECRET_NAME.test(name) || SECRET_ENDING.test(name);

const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    "[redacted key]",
  ],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, "$1 [redacted]"],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, "[redacted token]"],
  [/(\/\/[^\s/:@]*:)[^\s/@]+@/g, "$1[redacted]@"],
];

/** Text that came from elsewhere (Helm, pods, the API server) made fit to be shown, stored and sent. */
export const redactText = (
  text: string,
  secrets: ReadonlyArray<Redacted.Redacted<string>> = [],
): string => {
  const known = secrets
    .flatMap((secret) => {
      const value = Redacted.value(secret);
      return [value, JSON.stringify(value).slice(1, -1)];
    })
    // A secret of a few letters would blank out ordinary words.
    .filter((value) => value.length >= 6)
    // Longest first: a secret that begins with another one must not lose only its beginning.
    .sort((a, b) => b.length - a.length);
  const withoutKnown = known.reduce((rest, value) => rest.replaceAll(value, "[redacted]"), text);
  return PATTERNS.reduce((rest, [pattern, mask]) => rest.replace(pattern, mask), withoutKnown);
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Cuts at `maxBytes` of UTF-8 without splitting a character; the cut is marked with an ellipsis. */
export const truncateUtf8 = (text: string, maxBytes: number): string => {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return text;
  const cut = decoder.decode(bytes.subarray(0, maxBytes - 3)).replace(/\uFFFD+$/, "");
  return `${cut}…`;
};
