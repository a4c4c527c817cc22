import type { RunSummary } from "@fovea-rl/run-records/view-data";
import { useState } from "preact/hooks";
import { formatCount, formatDuration, formatPercent } from "../text/format-number.ts";
import { visibleLine, visibleText } from "../text/visible-text.ts";
import { Scroll } from "./scroll.tsx";

function summaryRows(runs: readonly RunSummary[]): readonly (readonly [string, readonly string[]])[] {
  const row = (name: string, of: (run: RunSummary) => string) => [name, runs.map(of)] as const;
  return [
    row("state", ({ state, step, updates }) => `${state}, ${step} of ${updates ?? "?"}`),
    row("accuracy before", ({ before }) => formatPercent(before?.accuracy)),
    row("accuracy after", ({ after }) => formatPercent(after?.accuracy)),
    row("training time", ({ trainingSeconds }) => formatDuration(trainingSeconds)),
    row("response tokens", ({ totalTokens }) => formatCount(totalTokens)),
  ];
}

function valueRows(runs: readonly RunSummary[]) {
  const of = (run: RunSummary): Readonly<Record<string, string>> => ({
    ...run.configuration,
    ...Object.fromEntries(Object.entries(run.manifest).map(([path, value]) => [`manifest: ${path}`, value])),
  });
  const values = runs.map(of);
  const paths = [...new Set(values.flatMap((own) => Object.keys(own)))];
  return paths.map((path) => {
    const own = values.map((value) => value[path]);
    return { path, own, differs: own.some((value) => value !== own[0]) };
  });
}

/** A path whose lines end after a dot, not within a name. */
function breakAtDots(path: string) {
  return visibleText(path)
    .split(/(?<=\.)/)
    .map((part, index) => [index > 0 && <wbr />, part]);
}

/** Hyper-parameters side by side; what is the same in all waits behind a button. */
export function DifferenceTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  const [isAllShown, setAllShown] = useState(false);
  if (runs.length === 0) return <p class="muted">Choose runs to compare.</p>;
  const rows = valueRows(runs);
  const differing = rows.filter(({ differs }) => differs);
  const same = rows.filter(({ differs }) => !differs);
  const draw = ({ path, own, differs }: (typeof rows)[number]) => (
    <tr key={path} class={differs ? "differs" : ""}>
      <th scope="row">{breakAtDots(path)}</th>
      {own.map((value, index) => (
        <td key={runs[index]!.id}>{value === undefined ? "–" : visibleLine(value, 120)}</td>
      ))}
    </tr>
  );
  return (
    <>
      <Scroll label="Configuration side by side">
        <table class="differences">
          <thead>
            <tr>
              <th scope="col">{differing.length} differences</th>
              {runs.map(({ id }) => (
                <th scope="col" key={id}>
                  {visibleLine(id, 60)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {summaryRows(runs).map(([name, own]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {own.map((value, index) => (
                  <td key={runs[index]!.id}>{value}</td>
                ))}
              </tr>
            ))}
            {differing.map(draw)}
            {(isAllShown || runs.length === 1) && same.map(draw)}
          </tbody>
        </table>
      </Scroll>
      {runs.length > 1 && (
        <button type="button" class="quiet" aria-expanded={isAllShown} onClick={() => setAllShown(!isAllShown)}>
          {isAllShown ? "Hide" : "Show"} the {same.length} values that are the same
        </button>
      )}
    </>
  );
}
