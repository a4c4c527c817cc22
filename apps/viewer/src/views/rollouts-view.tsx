import { useState } from "preact/hooks";
import { ProblemList } from "../parts/problem-list.tsx";
import { RolloutFilterForm } from "../parts/rollout-filter-form.tsx";
import { RolloutTable } from "../parts/rollout-table.tsx";
import { RunChoice } from "../parts/run-choice.tsx";
import { useVersion } from "../state/changes.ts";
import { filterOf } from "../state/rollout-filter.ts";
import { replaceRoute } from "../state/route.ts";
import { selectedRun } from "../state/selected-runs.ts";
import { useSource } from "../state/source-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import type { ViewProperties } from "./view-properties.ts";

/** Rows at a time: a screen holds about twenty, and each costs time to draw. */
const PAGE = 50;

/** The recorded rollouts of a run, searched and filtered. */
export function RolloutsView({ overview, route }: ViewProperties) {
  const source = useSource();
  const run = selectedRun(overview, route);
  const version = useVersion(run ? [run.id] : [], ["rollouts"]);
  const query = filterOf(route.parameters);
  const key = JSON.stringify(query);
  const [more, setMore] = useState({ key, take: PAGE });
  const take = more.key === key ? more.take : PAGE;
  const { value, error } = useLoaded(
    async () => (run ? source.rollouts(run.id, { ...query, take }) : undefined),
    run?.id ?? "",
    [key, take, version],
  );
  const change = (name: string, text: string) => {
    const entries = Object.fromEntries(route.parameters);
    replaceRoute("rollouts", { ...entries, run: run?.id, [name]: text });
  };
  return (
    <div class="single">
      <h1>Rollouts</h1>
      <div class="toolbar">
        <RunChoice overview={overview} run={run} onChoose={(id) => replaceRoute("rollouts", { run: id })} />
        {value && <RolloutFilterForm page={value} parameters={route.parameters} onChange={change} />}
      </div>
      {error !== undefined && <p class="problem">{error}</p>}
      {run && <ProblemList run={run.id} problems={value?.problems ?? []} />}
      {run && !value && error === undefined && <p class="muted">Reading the rollouts of {run.id}…</p>}
      {!run && <p class="muted">There is no such run; choose another.</p>}
      {value && run && (
        <>
          <p role="status">
            {value.total === 0
              ? "No rollouts are recorded. The recorder “rollouts” writes them."
              : `${value.matching} of ${value.total} rollouts`}
          </p>
          {value.rows.length > 0 && <RolloutTable run={run.id} rows={value.rows} />}
          {value.matching > value.rows.length && (
            <button type="button" onClick={() => setMore({ key, take: take + PAGE })}>
              Show {Math.min(PAGE, value.matching - value.rows.length)} more
            </button>
          )}
        </>
      )}
    </div>
  );
}
