import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function isFovea(directory: string): boolean {
  const core = join(directory, "packages", "core", "package.json");
  if (!existsSync(join(directory, "pnpm-workspace.yaml")) || !existsSync(core)) return false;
  const manifest = JSON.parse(readFileSync(core, "utf8")) as { readonly name?: string };
  return manifest.name === "@fovea-rl/core";
}

/** The root of the Fovea repository that a directory lies in; someone else's workspace does not count. */
export function findFoveaWorkspace(directory: string): string | undefined {
  if (isFovea(directory)) return directory;
  const parent = dirname(directory);
  return parent === directory ? undefined : findFoveaWorkspace(parent);
}
