import type { RunSummary } from "@fovea-rl/run-records/view-data";
import { useMemo, useState } from "preact/hooks";
import { type CurveSettings, MetricCurve } from "../parts/metric-curve.tsx";
import { PhaseTimes } from "../parts/phase-times.tsx";
import { ProblemList } from "../parts/problem-list.tsx";
import { RunList } from "../parts/run-list.tsx";
import { useVersion } from "../state/changes.ts";
import { replaceRoute } from "../state/route.ts";
import { selectedRuns } from "../state/selected-runs.ts";
import { useSource } from "../state/source-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { formatNumber } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { groupMetrics, type MetricGroup } from "./metric-groups.ts";
import type { ViewProperties } from "./view-properties.ts";

/** Every metric of the chosen runs over steps. */
export function RunsView({ overview, route }: ViewProperties) {
  const source = useSource();
  const chosen = selectedRuns(overview, route);
  const key = chosen.map(({ id }) => id).join("\n");
  // The same array while the same runs are chosen, so that charts are not drawn for nothing.
  const selected = useMemo(() => chosen, [key]);
  /** Decimal logarithm of the steps that an average reaches back. */
  const [reach, setReach] = useState(0);
  const smoothing = 1 - 10 ** -reach;
  const [seedsAsBands, setSeedsAsBands] = useState(false);
  const [search, setSearch] = useState("");
  const settings: CurveSettings = { smoothing, seedsAsBands };
  const version = useVersion(
    selected.map(({ id }) => id),
    ["metrics"],
  );
  const { value: names, error } = useLoaded(
    () => Promise.all(selected.map(async ({ id }) => ({ id, ...(await source.metricNames(id)) }))),
    "names",
    [key, version],
  );
  const all = (names ?? []).flatMap(({ names: { updates, evaluations, timings } }) => [
    ...evaluations,
    ...updates,
    ...timings,
  ]);
  const needle = search.trim().toLowerCase();
  const groups = groupMetrics(all.filter((name) => name.includes(needle)));
  if (overview.runs.length === 0) return <NoRuns folders={overview.folders} />;
  return (
    <div class="runs-view">
      <RunList
        runs={overview.runs}
        selected={selected}
        seedsAsBands={seedsAsBands}
        onSelect={(ids) => replaceRoute("runs", { run: ids.length === 0 ? [""] : ids })}
      />
      <div class="charts">
        <h1>Curves</h1>
        <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
          <label class="field">
            Metrics
            <input
              type="search"
              value={search}
              placeholder="dependency, time, …"
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            Smoothing {reach === 0 ? "off" : `over ${formatNumber(Math.round(10 ** reach))} steps`}
            <input
              type="range"
              min="0"
              max="3"
              step="0.1"
              value={reach}
              onInput={(event) => setReach(Number(event.currentTarget.value))}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={seedsAsBands}
              onChange={(event) => setSeedsAsBands(event.currentTarget.checked)}
            />
            Seeds as bands
          </label>
        </form>
        {error !== undefined && <p class="problem">{error}</p>}
        {chosen.map((run) => (
          <RunProblems key={run.id} run={run} more={names?.find(({ id }) => id === run.id)?.problems ?? []} />
        ))}
        {selected.length === 0 && <p class="muted">Choose a run to see its curves.</p>}
        {names && selected.length > 0 && all.length === 0 && <p class="muted">Nothing is recorded yet.</p>}
        {groups.map((group, index) => (
          <MetricSection
            key={group.title}
            group={group}
            isOpen={index === 0 || needle !== ""}
            runs={selected}
            settings={settings}
          />
        ))}
        {selected.length > 0 && <PhaseTimes runs={selected} />}
      </div>
    </div>
  );
}

function RunProblems({ run, more }: { readonly run: RunSummary; readonly more: RunSummary["problems"] }) {
  return (
    <>
      {run.error !== undefined && (
        <p class="problem">
          {visibleText(run.id)} failed: {visibleText(run.error)}
        </p>
      )}
      <ProblemList run={run.id} problems={[...run.problems, ...more]} />
    </>
  );
}

interface MetricSectionProperties {
  readonly group: MetricGroup;
  readonly isOpen: boolean;
  readonly runs: readonly RunSummary[];
  readonly settings: CurveSettings;
}

function MetricSection({ group, isOpen, runs, settings }: MetricSectionProperties) {
  const [isToggled, setToggled] = useState(false);
  const isShown = isOpen !== isToggled;
  return (
    <section class="group">
      <h2>
        <button type="button" aria-expanded={isShown} onClick={() => setToggled(!isToggled)}>
          {group.title} <span class="muted">{group.names.length}</span>
        </button>
      </h2>
      {isShown && (
        <div class="curves">
          {group.names.map((name) => (
            <MetricCurve key={name} name={name} runs={runs} settings={settings} />
          ))}
        </div>
      )}
    </section>
  );
}

function NoRuns({ folders }: { readonly folders: readonly string[] }) {
  return (
    <div class="empty">
      <h1>No runs yet</h1>
      <p>
        There is no run in {folders.map(visibleText).join(", ")}. <code>fovea train</code> makes one; it appears here by
        itself.
      </p>
    </div>
  );
}
