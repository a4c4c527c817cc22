import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CreateAlgorithmError } from "./create-algorithm-error.ts";

/** @throws CreateAlgorithmError if something is there that would be overwritten. */
export function refuseOccupied(directory: string): void {
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory()) throw new CreateAlgorithmError(`${directory} is a file`);
  if (readdirSync(directory).length > 0) {
    throw new CreateAlgorithmError(`${directory} is not empty: choose another name, or move what is in it`);
  }
}

/**
 * Writes a new directory, all of it or nothing: it is written under another name beside its place and then renamed.
 *
 * @param files texts by path.
 */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  refuseOccupied(directory);
  mkdirSync(dirname(directory), { recursive: true });
  const unfinished = mkdtempSync(join(dirname(directory), `.${basename(directory)}-`));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(unfinished, path)), { recursive: true });
      writeFileSync(join(unfinished, path), text);
    }
    // Renaming onto an empty directory is refused on some systems.
    if (existsSync(directory)) rmdirSync(directory);
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}
