import type { RunSummary, Series } from "@fovea-rl/run-records/view-data";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { lineStyle } from "../colour/run-colours.ts";
import { useVersion } from "../state/changes.ts";
import { useSource } from "../state/source-context.ts";
import { ThemeContext } from "../state/theme-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Curve } from "./curve.tsx";
import { type CurveLine, groupBySetting, lineOfRun, lineOfSeeds } from "./curve-line.ts";

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

/** True from when the element first comes near the screen: a page of fifty charts asks only for what is looked at. */
function useSeen(element: { readonly current: HTMLElement | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: "200px" },
    );
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return isSeen;
}

function linesOf(
  name: string,
  runs: readonly RunSummary[],
  series: readonly (Series | undefined)[],
  settings: CurveSettings,
  theme: "light" | "dark",
): readonly CurveLine[] {
  const seriesOf = new Map(runs.map(({ id }, index) => [id, series[index]]));
  if (!settings.seedsAsBands) {
    return runs.flatMap(({ id }, index) => {
      const own = seriesOf.get(id);
      return own ? [lineOfRun(id, own, lineStyle(index, theme), settings.smoothing)] : [];
    });
  }
  return groupBySetting(runs).flatMap((group, index) => {
    const own = group.flatMap(({ id }) => seriesOf.get(id) ?? []);
    if (own.length === 0) return [];
    const style = lineStyle(index, theme);
    if (group.length === 1) return [lineOfRun(group[0]!.id, own[0]!, style, settings.smoothing)];
    const label = `${group[0]!.algorithm ?? name}, ${own.length} seeds: mean`;
    return [lineOfSeeds(label, own, style, settings.smoothing)];
  });
}

/** One metric of the chosen runs. */
export function MetricCurve({ name, runs, settings }: MetricCurveProperties) {
  const source = useSource();
  const theme = useContext(ThemeContext);
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(place);
  const ids = runs.map(({ id }) => id);
  const version = useVersion(ids, ["metrics"]);
  const load = async () => {
    if (!isSeen) return undefined;
    return Promise.all(ids.map(async (id) => ({ id, series: (await source.series(id, [name]))[name] })));
  };
  const { value, error } = useLoaded(load, name, [isSeen, version, ids.join("\n")]);
  const { smoothing, seedsAsBands } = settings;
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
          note={perPoint > 1 ? `Each point is the mean of ${perPoint} records; the band is their range.` : undefined}
        />
      ) : (
        <p class="muted placeholder">{name}</p>
      )}
    </div>
  );
}
