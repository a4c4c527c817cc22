import type { Comparison } from "@fovea-rl/run-records/view-data";
import { linkTo } from "../state/route.ts";
import { formatCount, formatDuration, formatPercent, formatPoints } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { percentInterval, pointsInterval } from "./interval-text.ts";
import { Scroll } from "./scroll.tsx";

/** Mean, interval and paired difference of each contender, and the runs behind them. */
export function ComparisonTable({ comparison }: { readonly comparison: Comparison }) {
  const { id, summary, runs, method } = comparison;
  const unfinished = runs.filter(({ state }) => state !== "finished");
  return (
    <>
      <Scroll label={`Summary of ${id}`}>
        <table class="summary">
          <thead>
            <tr>
              <th scope="col">algorithm</th>
              <th scope="col">seeds</th>
              <th scope="col">accuracy</th>
              <th scope="col">95 % interval</th>
              <th scope="col">gain, points</th>
              <th scope="col">difference to the first, points (95 %)</th>
              <th scope="col">training</th>
              <th scope="col">tokens</th>
            </tr>
          </thead>
          <tbody>
            {summary.map((row) => (
              <tr key={row.label}>
                <th scope="row">{visibleText(row.label)}</th>
                <td>{row.seeds.length}</td>
                <td>{formatPercent(row.accuracy.mean)}</td>
                <td>{percentInterval(row.accuracy)}</td>
                <td>{formatPoints(row.gain)}</td>
                <td>{pointsInterval(row.differenceToFirst)}</td>
                <td>{formatDuration(row.trainingSeconds)}</td>
                <td>{formatCount(row.totalTokens)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="muted">{visibleText(method)}</p>
      <p>
        <a href={linkTo("runs", { run: runs.map((run) => run.id) })}>Curves of its {runs.length} runs</a>
      </p>
      {unfinished.length > 0 && (
        <ul class="problems">
          {unfinished.map((run) => (
            <li key={run.id}>
              <code>{visibleText(run.id)}</code> {visibleText(run.error ?? run.state)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
