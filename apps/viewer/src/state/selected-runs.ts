import type { Overview, RunSummary } from "@fovea-rl/run-records/view-data";
import type { Route } from "./route.ts";

/** Chosen at first: as many as stay readable and load at once. */
const FIRST = 4;

/** The runs that the address names; the newest where it names none. */
export function selectedRuns({ runs }: Overview, { parameters }: Route): readonly RunSummary[] {
  const names = parameters.getAll("run");
  if (names.length === 0) return runs.slice(0, FIRST);
  return runs.filter(({ id }) => names.includes(id));
}

/** The one run that a view of one run is about. */
export function selectedRun(overview: Overview, { parameters }: Route): RunSummary | undefined {
  const name = parameters.get("run");
  return name === null ? overview.runs[0] : overview.runs.find(({ id }) => id === name);
}
