/** Chart versions, which are semantic versions with an optional `v`; what Helm takes for one may lack numbers at its end. */
interface Version {
  readonly numbers: ReadonlyArray<number>;
  readonly prerelease: ReadonlyArray<string>;
}

const parse = (text: string): Version | undefined => {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text);
  return match === null
    ? undefined
    : {
        numbers: match.slice(1, 4).map((part) => Number(part ?? 0)),
        prerelease: match[4]?.split(".") ?? [],
      };
};

const NUMERIC = /^\d+$/;

const compareIdentifiers = (left: string, right: string): number => {
  const [leftIsNumber, rightIsNumber] = [NUMERIC.test(left), NUMERIC.test(right)];
  if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
};

const firstDifference = <A>(
  left: ReadonlyArray<A>,
  right: ReadonlyArray<A>,
  compare: (a: A, b: A) => number,
): number => {
  for (const [index, a] of left.entries()) {
    const b = right[index];
    if (b === undefined) return 1;
    const difference = compare(a, b);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

/** Precedence as semver.org orders it, without build metadata; `undefined` when either is no semantic version. */
export const compareVersions = (left: string, right: string): number | undefined => {
  const [a, b] = [parse(left), parse(right)];
  if (a === undefined || b === undefined) return undefined;
  const numbers = firstDifference(a.numbers, b.numbers, (x, y) => x - y);
  if (numbers !== 0) return numbers;
  // A release comes after its own prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Number(a.prerelease.length === 0) - Number(b.prerelease.length === 0);
  }
  return firstDifference(a.prerelease, b.prerelease, compareIdentifiers);
};

export const isDowngrade = (from: string, to: string): boolean =>
  (compareVersions(to, from) ?? 0) < 0;
