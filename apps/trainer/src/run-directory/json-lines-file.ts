import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeError } from "./write-error.ts";
import { writeFileAtomically } from "./write-file-atomically.ts";

/** A file of one JSON object a line that only grows, by whole lines. */
export interface JsonLinesFile {
  append(value: unknown): void;
  /** What was appended is on the disk when it returns. */
  flush(): void;
  close(): void;
}

/** @throws FoveaError from `append` if the line does not fit on the disk; the file then ends with the line before. */
export function openJsonLines(path: string): JsonLinesFile {
  const descriptor = openSync(path, "a");
  return {
    append(value) {
      const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
      const before = fstatSync(descriptor).size;
      try {
        let written = 0;
        while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      } catch (error) {
        ftruncateSync(descriptor, before);
        throw writeError(error, path);
      }
    },
    flush() {
      try {
        fsyncSync(descriptor);
      } catch (error) {
        throw writeError(error, path);
      }
    },
    close: () => closeSync(descriptor),
  };
}

/** The objects of a file; a last line that a killed process left unfinished is left out. */
export function readJsonLines<Line>(path: string): Line[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  // What follows the last newline is empty, or unfinished.
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Keeps the leading lines of steps up to `step`, byte for byte, and returns the last step that is left, or -1. */
export async function truncateJsonLines(path: string, step: number): Promise<number> {
  if (!existsSync(path)) return -1;
  const text = readFileSync(path, "utf8");
  let end = 0;
  let last = -1;
  while (true) {
    const newline = text.indexOf("\n", end);
    if (newline === -1) break;
    const line = JSON.parse(text.slice(end, newline)) as { step: number };
    if (line.step > step) break;
    last = line.step;
    end = newline + 1;
  }
  if (end < text.length) await writeFileAtomically(path, text.slice(0, end));
  return last;
}
