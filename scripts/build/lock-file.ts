/** What may be in `package-lock.json`. */
interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

export interface LockFile {
  /** By their place; `""` is this package itself. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** All may be handed on with a program under Apache-2.0; MPL-2.0 as long as its own files stay as they are. */
const LICENCES: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MPL-2.0",
]);

/** `A OR B`: one that is allowed is enough. */
const isAllowed = (licence: string): boolean =>
  licence
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((one) => LICENCES.has(one));

/** esbuild's puts its own binary in place. */
const MAY_RUN_A_SCRIPT: ReadonlySet<string> = new Set(["node_modules/esbuild"]);

/** npm's own registry; that of one machine is nobody else's. */
const REGISTRY = "https://registry.npmjs.org/";

const objectionsToOne = (place: string, one: LockedPackage): ReadonlyArray<string> => {
  const { integrity, license, resolved, hasInstallScript } = one;
  return [
    ...(integrity?.startsWith("sha512-") ? [] : [`${place} has no sha512`]),
    ...(license === undefined ? [`${place} has no licence`] : []),
    ...(license === undefined || isAllowed(license) ? [] : [`${place} is under ${license}`]),
    ...(resolved === undefined || resolved.startsWith(REGISTRY)
      ? []
      : [`${place} comes from ${resolved}`]),
    ...(hasInstallScript === true && !MAY_RUN_A_SCRIPT.has(place)
      ? [`${place} runs a script when it is installed`]
      : []),
  ];
};

export const objectionsTo = ({ packages }: LockFile): ReadonlyArray<string> =>
  Object.entries(packages).flatMap(([place, one]) =>
    place === "" || one.link === true ? [] : objectionsToOne(place, one),
  );
