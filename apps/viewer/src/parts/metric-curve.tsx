import type { RunSummary, Series, StepRange } from "@fovea-rl/run-records/view-data";
import { useContext, useMemo, useRef, useState } from "preact/hooks";
import { useVersion } from "../state/changes.ts";
import { useSource } from "../state/source-context.ts";
import { ThemeContext } from "../state/theme-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useNear } from "../state/use-near.ts";
import { Curve } from "./curve.tsx";
import { type CurveLine, groupBySetting, lineOfRun, lineOfSeeds, stylesOfRuns } from "./curve-line.ts";

export interface CurveSettings {
  /** Weight of the past, 0 to below 1. */
  readonly smoothing: number;
  readonly seedsAsBands: boolean;
}

interface MetricCurveProperties {
  readonly name: string;
  readonly runs: readonly RunSummary[];
  readonly settings: CurveSettings;
}

/** The newest value while `isNew`, and the last such one otherwise. */
function useKept<Value>(value: Value, isNew: boolean): Value {
  const kept = useRef(value);
  if (isNew) kept.current = value;
  return kept.current;
}

function linesOf(
  name: string,
  runs: readonly RunSummary[],
  series: readonly (Series | undefined)[],
  settings: CurveSettings,
  theme: "light" | "dark",
): readonly CurveLine[] {
  const seriesOf = new Map(runs.map(({ id }, index) => [id, series[index]]));
  const styles = stylesOfRuns(runs, settings.seedsAsBands, theme);
  if (!settings.seedsAsBands) {
    return runs.flatMap(({ id }) => {
      const own = seriesOf.get(id);
      return own ? [lineOfRun(id, own, styles.get(id)!, settings.smoothing)] : [];
    });
  }
  return groupBySetting(runs).flatMap((group) => {
    const own = group.flatMap(({ id }) => seriesOf.get(id) ?? []);
    if (own.length === 0) return [];
    const style = styles.get(group[0]!.id)!;
    if (group.length === 1) return [lineOfRun(group[0]!.id, own[0]!, style, settings.smoothing)];
    const setting = group[0]!.label ?? group[0]!.algorithm ?? name;
    const label = `${setting}, ${own.length} seeds: mean`;
    return [lineOfSeeds(label, own, style, settings.smoothing)];
  });
}

/** One metric of the chosen runs. */
export function MetricCurve({ name, ...asked }: MetricCurveProperties) {
  const source = useSource();
  const place = useRef<HTMLDivElement>(null);
  const isNear = useNear(place);
  const hasBeenNear = useKept(isNear, isNear);
  const version = useKept(
    useVersion(
      asked.runs.map(({ id }) => id),
      ["metrics"],
    ),
    isNear,
  );
  const theme = useKept(useContext(ThemeContext), isNear);
  const runs = useKept(asked.runs, isNear);
  const smoothing = useKept(asked.settings.smoothing, isNear);
  const seedsAsBands = useKept(asked.settings.seedsAsBands, isNear);
  const ids = runs.map(({ id }) => id);
  const [range, setRange] = useState<StepRange>();
  const load = async () => {
    if (!hasBeenNear) return undefined;
    const all = await Promise.all(
      ids.map(async (id) => ({ id, series: (await source.series(id, [name], range))[name] })),
    );
    return { range, all };
  };
  const loaded = useLoaded(load, name, [hasBeenNear, version, ids.join("\n"), range]);
  const { error } = loaded;
  const value = loaded.value?.all;
  const lines = useMemo(() => {
    const found = new Map(value?.map(({ id, series }) => [id, series]));
    const series = runs.map(({ id }) => found.get(id));
    return linesOf(name, runs, series, { smoothing, seedsAsBands }, theme);
  }, [value, runs, name, smoothing, seedsAsBands, theme]);
  const perPoint = Math.max(1, ...(value ?? []).map(({ series }) => series?.stepsPerPoint ?? 1));
  return (
    <div ref={place} class="metric" data-metric={name}>
      {error !== undefined && <p class="problem">{error}</p>}
      {lines.length > 0 ? (
        <Curve
          title={name}
          lines={lines}
          range={loaded.value?.range}
          onRange={setRange}
          note={perPoint > 1 ? `Each point is the mean of ${perPoint} records; the band is their range.` : undefined}
        />
      ) : (
        <p class="muted placeholder">{name}</p>
      )}
    </div>
  );
}
