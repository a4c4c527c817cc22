import { type Comparison, type RunSummary, type SeedResult, summariseSeeds } from "@fovea-rl/run-records/view-data";
import { useSource } from "../state/source-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { formatPercent } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { percentInterval, pointsInterval } from "./interval-text.ts";
import { Scroll } from "./scroll.tsx";

const FAMILY = /^evaluation\/family\/(.+)\/accuracy$/;

interface FamilyTableProperties {
  readonly comparison: Comparison;
  readonly runs: readonly RunSummary[];
}

/** Held-out accuracy by question family, as the table of all questions: mean, interval, difference to the first by seed. */
export function FamilyTable({ comparison, runs }: FamilyTableProperties) {
  const source = useSource();
  const finished = comparison.runs.filter((run) => run.state === "finished" && runs.some(({ id }) => id === run.id));
  const load = async (): Promise<ReadonlyMap<string, readonly SeedResult[]>> => {
    const results = new Map<string, SeedResult[]>();
    const loaded = await Promise.all(
      finished.map(async ({ id }) => {
        const { names } = await source.metricNames(id);
        const last = runs.find((run) => run.id === id)?.step ?? 0;
        return source.series(
          id,
          names.evaluations.filter((name) => FAMILY.test(name)),
          { from: last, to: last },
        );
      }),
    );
    for (const [place, { label, seed }] of finished.entries()) {
      for (const [name, { values }] of Object.entries(loaded[place]!)) {
        const family = name.match(FAMILY)![1]!;
        const value = values.at(-1);
        if (value === undefined || seed === undefined) continue;
        results.set(family, [...(results.get(family) ?? []), { label, seed, value }]);
      }
    }
    return results;
  };
  const { value: results } = useLoaded(load, comparison.id, [finished.map(({ id }) => id).join("\n")]);
  if (!results || results.size === 0) return null;
  const labels = [...new Set(comparison.runs.map(({ label }) => label))];
  const families = [...results].sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <>
      <h3>By question family</h3>
      <Scroll label={`${comparison.id} by question family`}>
        <table class="summary families">
          <thead>
            <tr>
              <th scope="col">family</th>
              <th scope="col">algorithm</th>
              <th scope="col">seeds</th>
              <th scope="col">accuracy</th>
              <th scope="col">95 % interval</th>
              <th scope="col">difference to the first, points (95 %)</th>
            </tr>
          </thead>
          {families.map(([family, own]) => {
            const rows = summariseSeeds(own, labels);
            return (
              <tbody key={family}>
                {rows.map((row, place) => (
                  <tr key={row.label}>
                    {place === 0 && (
                      <th scope="rowgroup" rowSpan={rows.length}>
                        {visibleText(family)}
                      </th>
                    )}
                    <th scope="row">{visibleText(row.label)}</th>
                    <td>{row.seeds.length}</td>
                    <td>{formatPercent(row.mean)}</td>
                    <td>{percentInterval(row)}</td>
                    <td>{pointsInterval(row.differenceToFirst)}</td>
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </Scroll>
      <p class="muted">
        Last evaluation of each run, over the held-out prompts of the family; means, intervals and paired differences as
        above. There are as many intervals as rows: now and then one leaves out 0 by chance.
      </p>
    </>
  );
}
