import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { NotFoundError } from "./run-library.ts";

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The PNG that a rollout of `file` names. The path comes from a file that anyone may have written: what lies outside the
 * run's directory, by `..`, by an absolute path or through a link, or is no PNG, is not found.
 */
export async function readRunImage(directory: string, file: string, path: string): Promise<Buffer> {
  const missing = new NotFoundError(
    `${file}.jsonl names the image "${path}", which is no PNG file in the run's directory`,
  );
  const folder = file.split("/")[0] ?? "";
  if (!/^[\w-]+$/.test(folder) || !/\.png$/i.test(path) || path.includes("\0")) throw missing;
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, folder, path));
    if (!real.startsWith(root + sep)) throw missing;
    const content = await readFile(real);
    if (!content.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) throw missing;
    return content;
  } catch {
    throw missing;
  }
}
