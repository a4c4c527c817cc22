import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { AlgorithmName } from "./algorithm-name.ts";

const templates = fileURLToPath(new URL("../template", import.meta.url));

/** npm never packs a file of this name, so the template carries it under another. */
const renamed: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/** Texts of a folder of the template by their path in the new package, placeholders filled in. */
export function templateFiles(
  folder: "shared" | "standalone" | "workspace",
  { name, packageName }: AlgorithmName,
): Readonly<Record<string, string>> {
  const root = join(templates, folder);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join("/");
      const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
      return [renamed[path] ?? path, text.replaceAll("{{name}}", name).replaceAll("{{packageName}}", packageName)];
    }),
  );
}
