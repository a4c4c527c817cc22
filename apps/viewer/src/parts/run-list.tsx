import type { RunSummary } from "@fovea-rl/run-records/view-data";
import { useContext, useState } from "preact/hooks";
import { ThemeContext } from "../state/theme-context.ts";
import { formatPercent } from "../text/format-number.ts";
import { visibleLine } from "../text/visible-text.ts";
import { stylesOfRuns } from "./curve-line.ts";
import { LineSample } from "./line-sample.tsx";

interface RunListProperties {
  readonly runs: readonly RunSummary[];
  /** In the order of their lines. */
  readonly selected: readonly RunSummary[];
  /** Whether seeds of one setting share a line. */
  readonly seedsAsBands?: boolean;
  readonly onSelect: (ids: readonly string[]) => void;
}

/** Rows drawn at once; a search finds the others. */
const SHOWN = 200;

function progress({ step, updates, state }: RunSummary): string {
  return state === "finished" ? `${step} updates` : `${step} of ${updates ?? "?"} updates`;
}

function accuracy({ before, after }: RunSummary): string {
  if (!before && !after) return "";
  return `${formatPercent(before?.accuracy)} → ${formatPercent(after?.accuracy)}`;
}

/** All runs, with the choice of those to draw. */
export function RunList({ runs, selected, seedsAsBands = false, onSelect }: RunListProperties) {
  const [search, setSearch] = useState("");
  const theme = useContext(ThemeContext);
  const styles = stylesOfRuns(selected, seedsAsBands, theme);
  const needle = search.trim().toLowerCase();
  const found = runs.filter(({ id, label = "", algorithm, task, state }) =>
    `${id} ${label} ${algorithm} ${task} ${state}`.toLowerCase().includes(needle),
  );
  const toggle = (id: string) => {
    const ids = selected.map((run) => run.id);
    onSelect(styles.has(id) ? ids.filter((other) => other !== id) : [...ids, id]);
  };
  return (
    <section class="run-list" aria-label="Runs">
      <label class="field">
        Search {runs.length === 1 ? "one run" : `${runs.length} runs`}
        <input
          type="search"
          value={search}
          placeholder="name, algorithm, task, state"
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </label>
      <p class="row">
        <button type="button" class="quiet" onClick={() => onSelect(found.slice(0, 20).map(({ id }) => id))}>
          {found.length > 20 ? "Choose the first 20" : "Choose these"}
        </button>
        <span class="muted">{selected.length} chosen</span>
      </p>
      <ul>
        {found.slice(0, SHOWN).map((run) => {
          const style = styles.get(run.id);
          return (
            <li key={run.id}>
              <label class={style === undefined ? "run" : "run chosen"}>
                <input type="checkbox" checked={style !== undefined} onChange={() => toggle(run.id)} />
                <span class="name">
                  <span>{visibleLine(run.id, 80)}</span>
                  {style && <LineSample style={style} />}
                </span>
                <span class="facts">
                  <span class={`state ${run.state}`}>{run.state}</span> {progress(run)}
                  {accuracy(run) !== "" && <span class="accuracy">{accuracy(run)}</span>}
                  {run.problems.length > 0 && <span class="state failed">incomplete</span>}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <p class="muted">No run matches.</p>}
    </section>
  );
}
