import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Stands directly in src/, as bundles stand directly in dist/: the same relative path leads to the package from both.
const manifestUrl = new URL("../package.json", import.meta.url);

/** The directory of the trainer's own package. */
export const trainerDirectory: string = fileURLToPath(new URL(".", manifestUrl));

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

export function trainerManifest(): PackageManifest {
  return JSON.parse(readFileSync(manifestUrl, "utf8")) as PackageManifest;
}
