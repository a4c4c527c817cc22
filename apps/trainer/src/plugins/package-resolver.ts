import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { trainerDirectory } from "../trainer-package.ts";

/** Export conditions that this process was started with (`node --conditions=...`), besides Node's own. */
function processConditions(): readonly string[] {
  const flags = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  return flags.flatMap((flag, index) => {
    const inline = flag.match(/^(?:--conditions|-C)=(.+)$/)?.[1];
    if (inline) return [inline];
    return flag === "--conditions" || flag === "-C" ? [flags[index + 1] ?? ""] : [];
  });
}

/**
 * The file that a package name or path leads to, as an import from a file in `directory` would find it, or else as one of the
 * trainer's would; undefined if neither does.
 */
export function resolvePackage(specifier: string, directory: string): string | undefined {
  for (const parent of [directory, trainerDirectory]) {
    const parentURL = pathToFileURL(join(parent, "noop.js")).href;
    const jiti = createJiti(parentURL, { fsCache: false });
    const found = jiti.esmResolve(specifier, {
      parentURL,
      try: true,
      conditions: [...processConditions(), "node", "import"],
    });
    if (found) return found.startsWith("file:") ? fileURLToPath(found) : found;
  }
  return undefined;
}
