import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { FoveaError } from "@fovea-rl/core";

/** A file of the built page. */
export interface PageFile {
  readonly content: Buffer;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** From src/ and from dist/ the same place: where the build puts the page. */
const PAGE = fileURLToPath(new URL("../dist/page/", import.meta.url));

/** The built page by path, `index.html` among them. @throws FoveaError if the page has not been built. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const names = await readdir(PAGE, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, PageFile>();
  for (const entry of names) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = `${entry.parentPath}/${entry.name}`;
    const key = path.slice(PAGE.length).replaceAll("\\", "/").replace(/^\//, "");
    files.set(key, { content: await readFile(path), type });
  }
  if (!files.has("index.html")) throw new FoveaError("the viewer's page is not built: run `pnpm run build` first");
  return files;
}
