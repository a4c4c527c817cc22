import { isRight, type RolloutRow } from "@fovea-rl/run-records/view-data";
import { linkTo } from "../state/route.ts";
import { formatNumber } from "../text/format-number.ts";
import { visibleLine } from "../text/visible-text.ts";
import { Scroll } from "./scroll.tsx";

export function rolloutLink(
  run: string,
  { file, promptId, sampleIndex }: Pick<RolloutRow, "file" | "promptId" | "sampleIndex">,
) {
  return linkTo("rollout", { run, file, prompt: promptId, sample: sampleIndex });
}

export function VerdictMark({ row }: { readonly row: Pick<RolloutRow, "accuracy"> }) {
  if (row.accuracy === undefined) return null;
  return isRight(row) ? <span class="verdict right">✓ right</span> : <span class="verdict wrong">✗ wrong</span>;
}

interface RolloutTableProperties {
  readonly run: string;
  readonly rows: readonly RolloutRow[];
}

/** Rollouts, one a line; the response leads to its tokens. */
export function RolloutTable({ run, rows }: RolloutTableProperties) {
  return (
    <Scroll label="Rollouts">
      <table class="rollouts">
        <thead>
          <tr>
            <th scope="col">step</th>
            <th scope="col">prompt</th>
            <th scope="col">family</th>
            <th scope="col" class="wide">
              response
            </th>
            <th scope="col">answer</th>
            <th scope="col">verdict</th>
            <th scope="col">reward</th>
            <th scope="col">tokens</th>
            <th scope="col">dependency</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.file} ${row.promptId} ${row.sampleIndex}`}>
              <td>
                {row.step}
                {!row.file.startsWith("rollouts/") && <span class="muted"> {row.file.split("/")[0]}</span>}
              </td>
              <td>
                <bdi>
                  {visibleLine(row.promptId, 40)} #{row.sampleIndex}
                </bdi>
              </td>
              <td>{visibleLine(row.family ?? "–", 40)}</td>
              <td class="response">
                <a href={rolloutLink(run, row)}>
                  <bdi>{row.text === "" ? "(empty)" : visibleLine(row.text)}</bdi>
                </a>
              </td>
              <td>
                <bdi>{visibleLine(row.referenceAnswer, 40)}</bdi>
              </td>
              <td>
                <VerdictMark row={row} />
              </td>
              <td>{formatNumber(row.reward)}</td>
              <td>{row.length}</td>
              <td>{formatNumber(row.dependency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
