import type { Comparison, RunSummary } from "@fovea-rl/run-records/view-data";
import { useSource } from "../state/source-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { formatPercent } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { Scroll } from "./scroll.tsx";

const FAMILY = /^evaluation\/family\/(.+)\/accuracy$/;

interface FamilyRow {
  readonly algorithm: string;
  /** By family, the last held-out accuracy of each seed. */
  readonly seeds: ReadonlyMap<string, readonly number[]>;
}

interface FamilyTableProperties {
  readonly comparison: Comparison;
  readonly runs: readonly RunSummary[];
}

/** Held-out accuracy by question family: the mean over seeds, and the least and most of them. */
export function FamilyTable({ comparison, runs }: FamilyTableProperties) {
  const source = useSource();
  const finished = comparison.runs.filter((run) => run.state === "finished" && runs.some(({ id }) => id === run.id));
  const load = async (): Promise<readonly FamilyRow[]> => {
    const rows = new Map<string, Map<string, number[]>>();
    for (const run of finished) {
      const { names } = await source.metricNames(run.id);
      const series = await source.series(
        run.id,
        names.evaluations.filter((name) => FAMILY.test(name)),
      );
      const row = rows.get(run.algorithm) ?? new Map<string, number[]>();
      rows.set(run.algorithm, row);
      for (const [name, { values }] of Object.entries(series)) {
        const family = name.match(FAMILY)![1]!;
        const last = values.at(-1);
        if (last !== undefined) row.set(family, [...(row.get(family) ?? []), last]);
      }
    }
    return [...rows].map(([algorithm, seeds]) => ({ algorithm, seeds }));
  };
  const { value: rows } = useLoaded(load, comparison.id, [finished.map(({ id }) => id).join("\n")]);
  const families = [...new Set((rows ?? []).flatMap(({ seeds }) => [...seeds.keys()]))].sort();
  if (!rows || families.length === 0) return null;
  return (
    <>
      <h3>By question family</h3>
      <Scroll label={`${comparison.id} by question family`}>
        <table class="summary">
          <thead>
            <tr>
              <th scope="col">algorithm</th>
              {families.map((family) => (
                <th scope="col" key={family}>
                  {visibleText(family)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ algorithm, seeds }) => (
              <tr key={algorithm}>
                <th scope="row">{visibleText(algorithm)}</th>
                {families.map((family) => (
                  <td key={family}>
                    <FamilyCell values={seeds.get(family) ?? []} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="muted">Last evaluation; mean over seeds, with the lowest and highest seed.</p>
    </>
  );
}

function FamilyCell({ values }: { readonly values: readonly number[] }) {
  if (values.length === 0) return <>–</>;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return (
    <>
      {formatPercent(mean)}{" "}
      {values.length > 1 && (
        <span class="muted">
          ({formatPercent(Math.min(...values))} to {formatPercent(Math.max(...values))})
        </span>
      )}
    </>
  );
}
