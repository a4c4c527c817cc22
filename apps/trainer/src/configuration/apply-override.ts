import { FoveaError } from "@fovea-rl/core";
import { parse } from "yaml";

type Node = Record<string, unknown> | unknown[];

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

/**
 * A copy of `raw` with `--set path=value` applied: segments are separated by dots, places of a list are numbers
 * (`rewards.0.weight=0.5`), the value is YAML (`1e-4`, `true`, `[a, b]`, text).
 *
 * @throws FoveaError naming the override if it does not parse or its path leads through something that is no section.
 */
export function applyOverride(raw: Readonly<Record<string, unknown>>, override: string): Record<string, unknown> {
  const equals = override.indexOf("=");
  if (equals <= 0) throw new FoveaError(`--set ${override}: write it as path=value, e.g. --set training.updates=100`);
  const path = override
    .slice(0, equals)
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".");
  if (path.some((segment) => segment === "" || segment === "__proto__")) {
    throw new FoveaError(`--set ${override}: "${override.slice(0, equals)}" is not a path like training.updates`);
  }
  let value: unknown;
  try {
    const text = override.slice(equals + 1);
    // Package names begin with a character that YAML reserves.
    value = text.startsWith("@") ? text : parse(text);
  } catch (cause) {
    throw new FoveaError(`--set ${override}: the value is not valid YAML (${(cause as Error).message})`, { cause });
  }
  const copy = structuredClone(raw) as Record<string, unknown>;
  let node: Node = copy;
  path.forEach((segment, depth) => {
    if (Array.isArray(node) && !(/^\d+$/.test(segment) && Number(segment) <= node.length)) {
      const place = path.slice(0, depth).join(".");
      throw new FoveaError(`--set ${override}: ${place} is a list of ${node.length}; "${segment}" is no place in it`);
    }
    const target = node as Record<string, unknown>;
    if (depth === path.length - 1) {
      target[segment] = value;
      return;
    }
    const next = target[segment] ?? (/^\d+$/.test(path[depth + 1]!) ? [] : {});
    if (!isNode(next)) {
      throw new FoveaError(
        `--set ${override}: ${path.slice(0, depth + 1).join(".")} is ${JSON.stringify(next)}, not a section`,
      );
    }
    target[segment] = next;
    node = next;
  });
  return copy;
}
