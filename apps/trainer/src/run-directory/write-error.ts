import { FoveaError } from "@fovea-rl/core";

/** ENOSPC: disk full; EDQUOT: quota; EFBIG: the process may not write a file of that size. */
const causes: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would exceed the size this process may write (ulimit -f)",
  EROFS: "the file system is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
};

/** A failed write as an error for the user; anything that is no file-system error comes back as it is. */
export function writeError(error: unknown, what: string): Error {
  // Whoever said it first knew best which file it was.
  if (error instanceof Error && error.name === "FoveaError") return error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== undefined && code in causes) {
      return new FoveaError(`cannot write ${what}: ${causes[code]}`, { cause: error });
    }
  }
  return error instanceof Error ? error : new Error(String(error));
}
