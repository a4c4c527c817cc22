import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

// The design's arrows: apps -> policy-*, algo-*, rewards, tasks -> perception -> core. Nobody imports an app.
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const scope = "@fovea-rl/";

/** What the source of a package may import from this workspace, itself aside. */
const allowed: readonly (readonly [name: RegExp, imports: RegExp])[] = [
  [/^core$/, /^$/],
  [/^perception$/, /^core$/],
  [/^(rewards|tasks|testkit)$/, /^core$/],
  [/^tinker-protocol$/, /^$/],
  [/^policy-tinker$/, /^(core|tinker-protocol)$/],
  [/^policy-[a-z]+$/, /^core$/],
  [/^tinker-server$/, /^(core|policy-tfjs|tinker-protocol)$/],
  [/^algo-(vppo|papo)$/, /^(core|perception|algo-grpo|algo-dapo)$/],
  [/^algo-[a-z0-9-]+$/, /^core$/],
  [/^digits-base-policy$/, /^$/],
  [/^create-algorithm$/, /^$/],
  [/^run-records$/, /^perception$/],
  [/^run-viewer$/, /^(core|run-records)$/],
  [/^trainer$/, /^(?!viewer$)/],
  // The page itself; packages/run-viewer carries what Vite makes of it, so that nobody imports this app.
  [/^viewer$/, /^run-records$/],
];

interface SourceFile {
  readonly path: string;
  readonly package: string;
  readonly imports: readonly string[];
  /** Those that remain at run time: a cycle of types alone is harmless. */
  readonly valueImports: readonly string[];
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const imported = module.staticImports.map(({ moduleRequest, entries }) => ({
    request: moduleRequest.value,
    isType: entries.length > 0 && entries.every((entry) => entry.isType),
  }));
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest ? [{ request: moduleRequest.value, isType }] : [])),
  );
  const all = [...imported, ...exported];
  return {
    path,
    package: path.split("/")[1]!,
    imports: [...new Set(all.map(({ request }) => request))],
    valueImports: [...new Set(all.filter(({ isType }) => !isType).map(({ request }) => request))],
  };
}

const sources = globSync("{packages,apps}/*/src/**/*.ts", { cwd: root })
  .filter((path) => !path.endsWith(".test.ts"))
  .map(readSource);
const packages = [...new Set(sources.map((source) => source.package))];

describe.each(packages)("the sources of %s", (name) => {
  const own = sources.filter((source) => source.package === name);
  const folder = own[0]!.path.split("/").slice(0, 2).join("/");
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const outside = own.flatMap((source) =>
    source.imports
      .filter((request) => !request.startsWith(".") && !request.startsWith("node:"))
      .map((request) => ({ path: source.path, dependency: request.match(/^(@[^/]+\/)?[^/]+/)![0] })),
  );

  it("import only what stands below them", () => {
    const rule = allowed.find(([pattern]) => pattern.test(name));
    expect(rule, `the package ${name} has no rule in this test`).toBeDefined();
    const wrong = outside
      .filter(({ dependency }) => dependency.startsWith(scope))
      .map(({ path, dependency }) => ({ path, dependency: dependency.slice(scope.length) }))
      .filter(({ dependency }) => dependency !== name && !rule![1].test(dependency));
    expect(wrong).toEqual([]);
  });

  it("import only packages that the manifest declares", () => {
    const declared = new Set([
      manifest.name,
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
    ]);
    expect(outside.filter(({ dependency }) => !declared.has(dependency))).toEqual([]);
  });

  it("stay within their package and have no import cycle", () => {
    const byPath = new Map(own.map((source) => [source.path, source]));
    const finished = new Set<string>();
    const visit = (source: SourceFile, trail: readonly string[]): void => {
      expect(trail, "an import cycle").not.toContain(source.path);
      if (finished.has(source.path)) return;
      for (const request of source.valueImports.filter((candidate) => candidate.startsWith("."))) {
        const target = relative(root, resolve(root, dirname(source.path), request));
        expect(target.startsWith(folder), `${source.path} imports ${request}`).toBe(true);
        const next = byPath.get(target);
        if (next) visit(next, [...trail, source.path]);
      }
      finished.add(source.path);
    };
    for (const source of own) visit(source, []);
  });
});
