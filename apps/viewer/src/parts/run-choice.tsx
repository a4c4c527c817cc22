import type { Overview, RunSummary } from "@fovea-rl/run-records/view-data";
import { visibleLine } from "../text/visible-text.ts";

interface RunChoiceProperties {
  readonly overview: Overview;
  readonly run: RunSummary | undefined;
  readonly onChoose: (id: string) => void;
}

/** One run of all. */
export function RunChoice({ overview, run, onChoose }: RunChoiceProperties) {
  return (
    <label class="field">
      Run
      <select value={run?.id ?? ""} onChange={(event) => onChoose(event.currentTarget.value)}>
        {run === undefined && <option value="">choose a run</option>}
        {overview.runs.map(({ id }) => (
          <option key={id} value={id}>
            {visibleLine(id, 80)}
          </option>
        ))}
      </select>
    </label>
  );
}
