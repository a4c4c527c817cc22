import type { RunSummary, Series } from "@fovea-rl/run-records/view-data";
import { useContext, useRef } from "preact/hooks";
import { lineStyle } from "../colour/run-colours.ts";
import { useVersion } from "../state/changes.ts";
import { useSource } from "../state/source-context.ts";
import { ThemeContext } from "../state/theme-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useNear } from "../state/use-near.ts";
import { formatDuration, formatPercent } from "../text/format-number.ts";
import { Scroll } from "./scroll.tsx";

const WHOLE = "time/update-seconds";
const PHASE = /^time\/(?!update-|evaluation-)(.+)-seconds$/;

interface Phases {
  readonly id: string;
  readonly update: number;
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

/** Of all that was recorded; the last of the points that are means may be one of fewer. */
export function meanOfRecorded({ values, stepsPerPoint, recorded = values.length }: Series): number {
  const last = values.length - 1;
  let sum = 0;
  for (const [index, value] of values.entries()) {
    sum += value * (index === last ? recorded - last * stepsPerPoint : stepsPerPoint);
  }
  return sum / Math.max(1, recorded);
}

/** Where the time of a mean update goes, run by run; read when it comes near. */
export function PhaseTimes({ runs }: { readonly runs: readonly RunSummary[] }) {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useNear(place);
  return <div ref={place}>{isNear && <PhaseTable runs={runs} />}</div>;
}

function PhaseTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  const source = useSource();
  const theme = useContext(ThemeContext);
  const ids = runs.map(({ id }) => id);
  const version = useVersion(ids, ["metrics"]);
  const load = async (id: string): Promise<Phases | undefined> => {
    const { names } = await source.metricNames(id);
    const wanted = names.timings.filter((name) => PHASE.test(name));
    const series = await source.series(id, [WHOLE, ...wanted]);
    if (!series[WHOLE]) return undefined;
    const phases = wanted.flatMap((name) =>
      series[name] ? [{ name: name.match(PHASE)![1]!, seconds: meanOfRecorded(series[name]) }] : [],
    );
    const update = meanOfRecorded(series[WHOLE]);
    const rest = update - phases.reduce((sum, { seconds }) => sum + seconds, 0);
    return { id, update, phases: rest > 0 ? [...phases, { name: "between", seconds: rest }] : phases };
  };
  const { value } = useLoaded(() => Promise.all(ids.map(load)), "phases", [ids.join("\n"), version]);
  const measured = (value ?? []).filter((entry) => entry !== undefined);
  if (measured.length === 0) return null;
  const names = [...new Set(measured.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const longest = Math.max(...measured.map(({ update }) => update));
  return (
    <section class="group phases">
      <h2>Time of an update, by phase</h2>
      <p class="legend">
        {names.map((name, index) => (
          <span key={name}>
            <span class="swatch" style={{ background: lineStyle(index, theme).colour }} /> {name}
          </span>
        ))}
      </p>
      <Scroll label="Time of an update by phase">
        <table>
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">mean update</th>
              <th scope="col" class="wide">
                phases
              </th>
              {names.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {measured.map(({ id, update, phases }) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                <td>{formatDuration(update)}</td>
                <td aria-hidden="true">
                  <div class="bar" style={{ width: `${(100 * update) / longest}%` }}>
                    {phases.map(({ name, seconds }) => (
                      <span
                        key={name}
                        style={{
                          width: `${(100 * seconds) / update}%`,
                          background: lineStyle(names.indexOf(name), theme).colour,
                        }}
                      />
                    ))}
                  </div>
                </td>
                {names.map((name) => {
                  const phase = phases.find((candidate) => candidate.name === name);
                  return <td key={name}>{phase ? formatPercent(phase.seconds / update) : "–"}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
