import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FoveaError } from "@fovea-rl/core";

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC") return "no space is left on the device";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "it may not be written";
  if (code === "ENOENT") return "its directory does not exist";
  return error instanceof Error ? error.message : String(error);
}

/**
 * Writes a file so that a reader finds either the old file or the whole new one, even after a crash: the bytes go to a
 * neighbouring name, are flushed to the disk, and take the file's name last.
 *
 * @param chunks what the file holds, in order.
 * @throws FoveaError naming the file; the partial copy is gone then, and a file of that name that was there before is kept.
 */
export async function writeAside(
  path: string,
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  try {
    const file = await open(partial, "w");
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new FoveaError(`cannot write ${path}: ${reason(error)}`, { cause: error });
  }
}

/** The rename itself is on disk only when its directory is; Windows cannot open directories and flushes on its own. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
