import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import type { Problem } from "./problem.ts";

/** A JSON file of a run; what is wrong with it is added to `problems`, and undefined returned. */
export async function readJsonObject(
  directory: string,
  file: string,
  problems: Problem[],
): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, file), "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    problems.push({ file, message: isMissing ? "is missing" : `cannot be read: ${(error as Error).message}` });
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
    problems.push({ file, message: "holds no JSON object" });
  } catch (error) {
    problems.push({ file, message: `is not JSON: ${(error as Error).message}` });
  }
  return undefined;
}
