import { readFileSync } from "node:fs";

/** The files that a page shows: fenced blocks whose language is followed by a path, as in "ts src/algorithm.ts". */
export function pageFiles(page: URL): Readonly<Record<string, string>> {
  const blocks = readFileSync(page, "utf8").matchAll(/^```\w+ (?<path>\S+)\n(?<text>.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(({ groups }) => [groups!["path"]!, groups!["text"]!]));
}
