import { Redacted } from "effect";

const SECRET_NAME =
  /pass(?:word|wd|phrase)|pass\b|secret|token|(?:api|access|private|signing|encryption)[-_]?key|credential|pwd|dsn\b|authorization|headers?\b/i;

/** As the last word of a path: `redis.auth`, `llm.openai.key`, `licenseKey`. */
const SECRET_ENDING =
  /(?:^|[._-]|[a-z](?=[A-Z]))(?:[Kk]ey|[Aa]uth|[Pp]em|[Ss]as|[Cc]onnection[Ss]tring)$/;

/** Whether a values path or field name promises something that must not be printed. */
export const looksSecret = (name: string): boolean =>
  SECRET_NAME.test(name) || SECRET_ENDING.test(name);

/** Tokens that are known by how they begin. */
const KNOWN_TOKENS = new RegExp(
  [
    "\\b[sr]k[-_](?=[A-Za-z_-]{0,60}\\d)[A-Za-z0-9_-]{16,}",
    "\\bgh[pousr]_[A-Za-z0-9]{16,}",
    "\\bgithub_pat_[A-Za-z0-9_]{16,}",
    "\\bglpat-[A-Za-z0-9_-]{16,}",
    "\\bxox[a-z]-[A-Za-z0-9-]{10,}",
    "\\b(?:hf|gsk|npm|dckr_pat)_[A-Za-z0-9_-]{16,}",
    "\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b",
    "\\bAIza[A-Za-z0-9_-]{30,}",
    "\\bya29\\.[A-Za-z0-9_-]{20,}",
  ].join("|"),
  "g",
);

/**
 * As in `redis_password`, `x-api-key`, `AWS_SECRET_ACCESS_KEY`, from the word that tells on; `max_tokens` is a number of words,
 * `secretName` no secret. Bounded, since the text may have been written to make matching take for ever.
 */
const NAME =
  "(?:passw(?:or)?d|passphrase|requirepass|pwd|(?:secret|token)(?!s|[_-]?(?:name|ref|count)|izer)|credential|(?:api|access|account|private|signing|subscription)[-_]?key)[\\w.-]{0,40}";
const LETTER = "[^\\s\"',;&}\\\\]";
/** In prose a name with a colon is followed by words. */
const UNLIKE_A_WORD = `(?=${LETTER}{0,80}\\d|${LETTER}{0,80}[a-z][A-Z]|[A-Z]{8})`;
const NOT_A_COUNT = `(?!\\[redacted|\\d+(?:[\\s"',;&}]|$))`;

const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    "[redacted key]",
  ],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, "$1 [redacted]"],
  // Begun once in each run of its letters, however often the run repeats how a token begins.
  [
    /(?<![\w-])((?:[\w-]{0,100}-)?)eyJ[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,16000}\.[A-Za-z0-9_-]*/g,
    "$1[redacted token]",
  ],
  [/(\/\/[^\s/:@]*:)[^\s/@]+@/g, "$1[redacted]@"],
  [KNOWN_TOKENS, "[redacted token]"],
  [
    /(\bauthorization\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:[A-Za-z][\w-]{0,30}\s{1,3})?)(?![A-Za-z][\w-]{0,30}\s{1,3}\[redacted)(?!\[redacted)[^\s"',;]{4,}/gi,
    "$1[redacted]",
  ],
  [/([?&](?:key|sig|code|auth)=)[^\s&"']{4,}/gi, "$1[redacted]"],
  [
    new RegExp(`(${NAME}\\\\?["']?\\s{0,3}=\\s{0,3}\\\\?["']?)${NOT_A_COUNT}${LETTER}{3,}`, "gi"),
    "$1[redacted]",
  ],
  [
    new RegExp(
      `((?i:${NAME})\\\\?["']?\\s{0,3}:\\s{0,3}\\\\?["']?)${NOT_A_COUNT}${UNLIKE_A_WORD}${LETTER}{6,}`,
      "g",
    ),
    "$1[redacted]",
  ],
  [
    new RegExp(`(--[\\w-]{0,20}${NAME}\\s{1,3})(?!\\[redacted)[^\\s"'-][^\\s"']{3,}`, "gi"),
    "$1[redacted]",
  ],
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
