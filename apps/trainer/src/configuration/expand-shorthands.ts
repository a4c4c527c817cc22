function expand(value: unknown): unknown {
  return typeof value === "string" ? { use: value } : value;
}

/** Writes out plug-ins that are named by a string alone: `"vppo"` becomes `{ use: "vppo" }`. */
export function expandShorthands(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const expanded: Record<string, unknown> = { ...raw };
  for (const section of ["algorithm", "policy", "task"]) {
    if (section in expanded) expanded[section] = expand(expanded[section]);
  }
  for (const section of ["rewards", "recorders"]) {
    const value = expanded[section];
    if (Array.isArray(value)) expanded[section] = value.map(expand);
  }
  const { comparison } = expanded;
  if (typeof comparison === "object" && comparison !== null && "algorithms" in comparison) {
    const { algorithms } = comparison;
    if (Array.isArray(algorithms)) expanded["comparison"] = { ...comparison, algorithms: algorithms.map(expand) };
  }
  return expanded;
}
