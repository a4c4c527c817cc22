import { FoveaError } from "@fovea-rl/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { suggestName } from "./nearest-name.ts";

type Path = readonly (string | number)[];
type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
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
  const alternatives = (node: JsonSchema): readonly JsonSchema[] =>
    (node.anyOf ?? node.oneOf)?.flatMap(alternatives) ?? [node];
  try {
    let nodes: readonly JsonSchema[] = [standard.jsonSchema?.input({ target: "draft-2020-12" }) ?? {}];
    for (const part of path) {
      nodes = nodes
        .flatMap(alternatives)
        .flatMap(({ items, properties }) => (typeof part === "number" ? items : properties?.[part]) ?? []);
    }
    return [...new Set(nodes.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {})))];
  } catch {
    // Schemas with transforms may have no JSON form: the suggestion is lost, the refusal is not.
    return [];
  }
}

/** A problem as zod tells it, with more than Standard Schema promises. */
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
  /** Of a union: the problems with each of its alternatives. */
  readonly errors?: readonly (readonly Issue[])[];
}

function issuePath({ path = [] }: Issue): Path {
  return path.map((part) => (typeof part === "object" ? part.key : part)) as Path;
}

/** The problems of a union's alternative that the value was meant for, if one can tell; else the union's own. */
function unfoldUnion(issue: Issue): readonly Issue[] {
  const isOfAnotherKind = (branch: readonly Issue[]) =>
    branch.some(
      (problem) => issuePath(problem).length === 0 && ["invalid_type", "invalid_value"].includes(problem.code ?? ""),
    );
  const meant = issue.errors?.filter((branch) => !isOfAnotherKind(branch)) ?? [];
  if (meant.length === 1) {
    return meant[0]!
      .map((problem) => ({ ...problem, path: [...issuePath(issue), ...issuePath(problem)] }))
      .flatMap(unfoldUnion);
  }
  const each = issue.errors?.map((branch) => branch[0]?.message.replace(/^Invalid input: /, "")) ?? [];
  return each.length === 0 ? [issue] : [{ ...issue, message: `Invalid input: ${each.join(", or ")}` }];
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
  const lines = (result.issues as readonly Issue[]).flatMap(unfoldUnion).flatMap((issue) => {
    const path = issuePath(issue);
    if (issue.code === "unrecognized_keys" && issue.keys) {
      return issue.keys.map(
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
