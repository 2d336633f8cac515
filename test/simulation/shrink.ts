/** Makes a story that breaks an invariant as small as it gets, so that what remains is what it takes. */
import type { Fault } from "./faults/fault.ts";
import { judge } from "./simulate.ts";
import { PLAIN_OPTIONS, PLAIN_WORLD, type Story } from "./story.ts";

/** Simpler forms of one fault, the simplest first. */
const simpler = (fault: Fault): ReadonlyArray<Fault> => {
  switch (fault._tag) {
    case "Call":
    case "Request": {
      const candidates: ReadonlyArray<Fault> = [
        { ...fault, trouble: "fails" },
        { ...fault, nth: 1 },
        { ...fault, reason: "Unreachable" },
        ...(fault._tag === "Request" ? [{ ...fault, times: 1 }] : []),
        { ...fault, millis: 500 },
      ];
      return candidates;
    }
    case "HelmStep":
      return [{ ...fault, times: 1 }];
    case "Happening":
      return [
        { ...fault, millis: 2_000 },
        ...(fault.when._tag === "At"
          ? [{ ...fault, when: { ...fault.when, millis: Math.floor(fault.when.millis / 2) } }]
          : [{ ...fault, when: { ...fault.when, side: "before" as const } }]),
      ];
  }
};

const withoutFault = (story: Story, index: number): Story => ({
  ...story,
  faults: story.faults.filter((_, other) => other !== index),
});

const withFault = (story: Story, index: number, fault: Fault): Story => ({
  ...story,
  faults: story.faults.map((one, other) => (other === index ? fault : one)),
});

/** The record with one field as in `plain`; fields that are records themselves also lose one entry at a time. */
const plainer = <A extends object>(record: A, plain: A): ReadonlyArray<A> =>
  Object.entries(plain).flatMap(([key, usual]): ReadonlyArray<A> => {
    const value: unknown = Object.entries(record).find(([name]) => name === key)?.[1];
    const whole = { ...record, [key]: usual };
    if (typeof value !== "object" || value === null) return [whole];
    const entries = Object.entries(value);
    const fewer = entries.map((_, index) => ({
      ...record,
      [key]: Object.fromEntries(entries.filter((_entry, other) => other !== index)),
    }));
    return [whole, ...fewer];
  });

/** Smaller stories next to this one, those that promise most first. */
const smaller = (story: Story): ReadonlyArray<Story> => [
  ...story.faults.map((_, index) => withoutFault(story, index)),
  ...plainer(story.world, PLAIN_WORLD).map((world) => ({ ...story, world })),
  ...plainer(story.options, PLAIN_OPTIONS).map((options) => ({ ...story, options })),
  { ...story, impatient: false },
  ...story.faults.flatMap((fault, index) =>
    simpler(fault).map((candidate) => withFault(story, index, candidate)),
  ),
];

const text = (story: Story): string => JSON.stringify(story);

/**
 * Takes the first smaller story that still breaks the same invariant, until there is none. `attempts` bounds the number
 * of stories that are run for it.
 */
export const shrink = (story: Story, invariant: string, attempts = 400): Story => {
  const breaks = (candidate: Story) =>
    judge(candidate).violations.some((violation) => violation.invariant === invariant);
  const tried = new Set([text(story)]);
  let current = story;
  let left = attempts;
  const step = (): Story | undefined => {
    for (const candidate of smaller(current)) {
      if (tried.has(text(candidate))) continue;
      tried.add(text(candidate));
      if (left-- <= 0) return undefined;
      if (breaks(candidate)) return candidate;
    }
    return undefined;
  };
  for (let found = step(); found !== undefined; found = step()) current = found;
  return current;
};
