import { isJsonObject } from "./json-object.ts";

/** The leaves of a JSON value by their paths: `{ a: { b: [1] } }` is `{ "a.b.0": "1" }`. Values as JSON; texts as they are. */
export function flattenJson(value: unknown): Record<string, string> {
  const leaves: Record<string, string> = {};
  const visit = (part: unknown, path: string): void => {
    const entries = Array.isArray(part) ? [...part.entries()] : isJsonObject(part) ? Object.entries(part) : [];
    if (entries.length > 0) {
      for (const [key, child] of entries) visit(child, path === "" ? String(key) : `${path}.${key}`);
    } else if (path !== "") {
      leaves[path] = typeof part === "string" ? part : JSON.stringify(part);
    }
  };
  visit(value, "");
  return leaves;
}
