import { ComparisonTable } from "../parts/comparison-table.tsx";
import { DifferenceTable } from "../parts/difference-table.tsx";
import { FamilyTable } from "../parts/family-table.tsx";
import { ProblemList } from "../parts/problem-list.tsx";
import { RunList } from "../parts/run-list.tsx";
import { replaceRoute } from "../state/route.ts";
import { selectedRuns } from "../state/selected-runs.ts";
import { visibleText } from "../text/visible-text.ts";
import type { ViewProperties } from "./view-properties.ts";

/** Comparisons as a paper prints them, and runs side by side: what differs between them first. */
export function CompareView({ overview, route }: ViewProperties) {
  const selected = selectedRuns(overview, route);
  return (
    <div class="runs-view">
      <RunList
        runs={overview.runs}
        selected={selected}
        onSelect={(ids) => replaceRoute("compare", { run: ids.length === 0 ? [""] : ids })}
      />
      <div class="charts">
        <h1>Comparisons</h1>
        {overview.comparisons.length === 0 && (
          <p class="muted">
            There is none among these runs: <code>fovea compare</code> trains algorithms over the same seeds and writes
            one.
          </p>
        )}
        {overview.comparisons.map((comparison) => (
          <section key={comparison.id} class="group">
            <h2>{visibleText(comparison.id)}</h2>
            <ProblemList run={comparison.id} problems={comparison.problems} />
            <ComparisonTable comparison={comparison} />
            <FamilyTable comparison={comparison} runs={overview.runs} />
          </section>
        ))}
        <section class="group">
          <h2>Chosen runs side by side</h2>
          <DifferenceTable runs={selected} />
        </section>
      </div>
    </div>
  );
}
