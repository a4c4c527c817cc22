import { FoveaError } from "@fovea-rl/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { suggestName } from "./nearest-name.ts";

type Path = readonly (string | number)[];
type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};

/** `rewards[0].weight` */
function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, part) => (node as Record<string | number, unknown> | undefined)?.[part], value);
}

/** Names that a schema knows at a path, where it can say (Standard JSON Schema); else none. */
function validNames(schema: StandardSchemaV1, path: Path): readonly string[] {
  const standard = schema["~standard"] as {
    jsonSchema?: { input(options: { target: string }): Record<string, unknown> };
  };
  try {
    let node: JsonSchema | undefined = standard.jsonSchema?.input({ target: "draft-2020-12" });
    for (const part of path) node = typeof part === "number" ? node?.items : node?.properties?.[part];
    const branches = node?.anyOf ?? (node ? [node] : []);
    return branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
  } catch {
    // Schemas with transforms may have no JSON form: the suggestion is lost, the refusal is not.
    return [];
  }
}

/**
 * Options checked against any Standard Schema.
 *
 * @param source what is checked, for the message ("fovea.config.ts").
 * @param prefix where the options stand in it (`["algorithm", "options"]`).
 * @throws FoveaError with one line a problem: its path, what is wrong, and the nearest valid name of an unknown option.
 */
export async function validateOptions<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
  source: string,
  prefix: Path = [],
): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  const lines = result.issues.flatMap((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part)) as (string | number)[];
    const { code, keys } = issue as { code?: string; keys?: readonly string[] };
    if (code === "unrecognized_keys" && keys) {
      return keys.map(
        (key) =>
          `${formatPath([...prefix, ...path, key])} is not an option${suggestName(key, validNames(schema, path))}`,
      );
    }
    const received = valueAt(value, path);
    const shown = received === undefined ? "it is missing" : `it is ${JSON.stringify(received)}`;
    return [`${formatPath([...prefix, ...path]) || "the configuration"}: ${issue.message} (${shown})`];
  });
  throw new FoveaError(`${source} does not fit:\n${lines.map((line) => `  - ${line}`).join("\n")}`);
}
