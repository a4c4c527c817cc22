import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeError } from "./write-error.ts";

/** Flushes a directory's entries (a rename, a new file) to the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Windows and some network file systems cannot flush directories.
    if (!["EPERM", "EINVAL", "ENOTSUP", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

/** The last write of each path that has not ended. */
const writing = new Map<string, Promise<void>>();

/**
 * Writes beside, flushes, renames: readers see the old content or the new, whatever happens. Writes of one path follow one another, in the
 * order of the calls: `fovea compare --jobs 2` summarises whenever one of its runs ends.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const before = writing.get(path) ?? Promise.resolve();
  // Whether the write before succeeded is its caller's to know.
  const written = before.catch(() => {}).then(() => replaceFile(path, content));
  writing.set(path, written);
  try {
    await written;
  } finally {
    if (writing.get(path) === written) writing.delete(path);
  }
}

async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    const handle = await open(partial, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw writeError(error, path);
  }
}

export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
