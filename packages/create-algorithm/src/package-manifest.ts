import { readFileSync } from "node:fs";
import type { AlgorithmName } from "./algorithm-name.ts";

type Versions = Readonly<Record<string, string>>;

/**
 * Versions that a new package starts with: those that this package itself was developed with. Packing replaces `workspace:`
 * and `catalog:` by real versions, so that a published copy names published versions, and a working tree its own.
 */
function knownVersions(): Versions {
  const own = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return own.devDependencies;
}

const dependencies = ["@fovea-rl/core", "@tensorflow/tfjs-core", "inversify", "zod"];
const trying = ["@fovea-rl/digits-base-policy", "@fovea-rl/policy-tfjs", "@fovea-rl/tasks", "@fovea-rl/trainer"];
const testing = ["@fovea-rl/testkit", "vitest"];

function pick(names: readonly string[], specifier: (name: string) => string): Versions {
  return Object.fromEntries(names.toSorted().map((name) => [name, specifier(name)]));
}

function published(name: string): string {
  const version = knownVersions()[name];
  if (version === undefined) throw new Error(`no version is known for ${name}`);
  return version;
}

const entryPoint = { types: "./dist/index.d.ts", default: "./dist/index.js" };

function described({ name }: AlgorithmName, version: string) {
  return {
    version,
    description: `The algorithm ${name} for Fovea.`,
    license: "Apache-2.0",
    keywords: ["fovea", "fovea-algorithm", "reinforcement-learning"],
    type: "module",
    engines: { node: ">=20" },
    sideEffects: false,
    files: ["dist", "README.md", "LICENSE"],
  };
}

/** package.json of a package of its own. */
export function standaloneManifest(algorithm: AlgorithmName): object {
  return {
    name: algorithm.packageName,
    ...described(algorithm, "0.1.0"),
    exports: { ".": entryPoint, "./package.json": "./package.json" },
    scripts: {
      build: "tsc --project tsconfig.build.json",
      test: "vitest run",
      typecheck: "tsc",
      train: "fovea train",
      prepublishOnly: "npm run build && npm test",
    },
    dependencies: pick(dependencies, published),
    devDependencies: pick([...trying, ...testing, "@types/node", "typescript"], published),
  };
}

/** package.json of a package of the Fovea repository, which reads its neighbours' sources. */
export function workspaceManifest(algorithm: AlgorithmName): object {
  const specifier = (name: string) => (name.startsWith("@fovea-rl/") ? "workspace:^" : "catalog:");
  return {
    name: algorithm.packageName,
    // Of nothing published yet; the first changeset makes it 0.1.0.
    ...described(algorithm, "0.0.0"),
    exports: {
      ".": { "@fovea-rl/source": "./src/index.ts", ...entryPoint },
      "./package.json": "./package.json",
    },
    publishConfig: {
      access: "public",
      provenance: true,
      exports: { ".": entryPoint, "./package.json": "./package.json" },
    },
    scripts: {
      build: "tsup --config ../../tsup.config.mjs && tsc --project tsconfig.build.json",
      train: "fovea train",
    },
    dependencies: pick(dependencies, specifier),
    devDependencies: pick([...trying, ...testing], specifier),
  };
}
