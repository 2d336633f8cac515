/** What is inside the executables, as CycloneDX: npm's own list, narrowed to what the bundle is made of, and Node. */
import { execFileSync } from "node:child_process";
import { ROOT } from "./bundle.ts";

interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: ReadonlyArray<unknown>;
}

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: ReadonlyArray<Component>;
  readonly dependencies: ReadonlyArray<{
    readonly ref: string;
    readonly dependsOn: ReadonlyArray<string>;
  }>;
}

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/;

/** @param inputs the files that a bundle was made of, as esbuild names them */
export const packagesIn = (inputs: Iterable<string>): ReadonlySet<string> =>
  new Set([...inputs].flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));

const nodeComponent = (version: string): Component => ({
  "bom-ref": `node@${version}`,
  type: "application",
  name: "node",
  version,
  purl: `pkg:generic/node@${version}`,
  licenses: [{ license: { id: "MIT" } }],
});

/** @param bom of all packages of the lock file; throws where a bundled one is not in it */
export const narrowed = (bom: Bom, bundled: ReadonlySet<string>, nodeVersion: string): Bom => {
  const inside = bom.components.filter(({ name }) => bundled.has(name));
  const missing = [...bundled].filter((name) => !inside.some((one) => one.name === name));
  if (missing.length > 0) throw new Error(`not in the lock file: ${missing.join(", ")}`);
  const { component } = bom.metadata;
  const components = [...inside, nodeComponent(nodeVersion)];
  const refs = new Set([component, ...components].map((one) => one["bom-ref"]));
  return {
    ...bom,
    // A checkout may lie in a folder of any name.
    metadata: { ...bom.metadata, component: { ...component, type: "application", name: "tare" } },
    components,
    dependencies: bom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
};

/** Without a network: npm reads the lock file. */
export const npmBom = (): Bom =>
  JSON.parse(
    execFileSync("npm", ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
