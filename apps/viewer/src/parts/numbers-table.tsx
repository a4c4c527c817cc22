import type { DependencyNumbers } from "@fovea-rl/run-records/view-data";
import { formatNumber, formatPercent } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { Scroll } from "./scroll.tsx";

interface NumbersTableProperties {
  readonly label: string;
  readonly rows: readonly (readonly [string, DependencyNumbers])[];
}

export function NumbersTable({ label, rows }: NumbersTableProperties) {
  return (
    <Scroll label={label}>
      <table class="summary">
        <thead>
          <tr>
            <th scope="col">rollouts</th>
            <th scope="col">how many</th>
            <th scope="col">tokens</th>
            <th scope="col">mean</th>
            <th scope="col">largest</th>
            <th scope="col">top 10 %</th>
            <th scope="col">top 20 %</th>
            <th scope="col">top 40 %</th>
            <th scope="col">trajectories</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, numbers]) => (
            <tr key={name}>
              <th scope="row">{visibleText(name)}</th>
              <td>{numbers.rollouts}</td>
              <td>{numbers.tokens}</td>
              <td>{formatNumber(numbers.mean)}</td>
              <td>{formatNumber(numbers.maximum)}</td>
              <td>{formatPercent(numbers.top10Share)}</td>
              <td>{formatPercent(numbers.top20Share)}</td>
              <td>{formatPercent(numbers.top40Share)}</td>
              <td>
                {formatNumber(numbers.trajectoryMean)}{" "}
                <span class="muted">
                  ({formatNumber(numbers.trajectoryMinimum)} to {formatNumber(numbers.trajectoryMaximum)})
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
