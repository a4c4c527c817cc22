import {
  imageKey,
  type ReportData,
  type RolloutRow,
  RolloutSearch,
  rolloutDetail,
  type Series,
  type StepRange,
  type ViewSource,
} from "@fovea-rl/run-records/view-data";

function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`this report does not hold ${what}`);
  return value;
}

/** The points of some steps: a report has no more of them than it shows. */
function within(series: Series, { from, to }: StepRange): Series {
  const keep = (values: readonly number[]) =>
    values.filter((_, index) => series.steps[index]! >= from && series.steps[index]! <= to);
  const { steps, values, stepsPerPoint, minima, maxima } = series;
  return {
    steps: keep(steps),
    values: keep(values),
    stepsPerPoint,
    ...(minima && maxima ? { minima: keep(minima), maxima: keep(maxima) } : {}),
  };
}

/** Data from inside a report. */
export function reportSource(data: ReportData): ViewSource {
  const rows = new Map<string, readonly RolloutRow[]>();
  const searches = new Map<string, RolloutSearch>();
  for (const [run, { entries }] of Object.entries(data.rollouts)) {
    rows.set(
      run,
      entries.map(({ row }) => row),
    );
  }
  return {
    isLive: false,
    overview: async () => data.overview,
    metricNames: async (run) => required(data.names[run], `the run "${run}"`),
    series: async (run, names, range) => {
      const all = required(data.series[run], `the run "${run}"`);
      return Object.fromEntries(
        names.flatMap((name) => (all[name] ? [[name, range ? within(all[name], range) : all[name]]] : [])),
      );
    },
    rollouts: async (run, query) => {
      const { recorded } = required(data.rollouts[run], `the run "${run}"`);
      let search = searches.get(run);
      if (!search) {
        search = new RolloutSearch(rows.get(run) ?? []);
        searches.set(run, search);
      }
      const page = search.query(query);
      const left = recorded - page.total;
      const message = `${recorded} rollouts are recorded; this report holds ${page.total} of them. fovea view shows all.`;
      return { ...page, problems: left > 0 ? [{ file: "rollouts/", message }] : [] };
    },
    rollout: async (run, reference) => {
      const { entries } = required(data.rollouts[run], `the run "${run}"`);
      const found = entries.find(
        ({ row }) =>
          row.file === reference.file &&
          row.promptId === reference.promptId &&
          row.sampleIndex === reference.sampleIndex,
      );
      const { rollout } = required(found, "this rollout; fovea view shows all that are recorded");
      return rolloutDetail(rows.get(run) ?? [], reference.file, rollout);
    },
    perception: async (run, files) =>
      required(data.perception[run]?.[files.join(" ")], `the perception of ${files.join(", ")} in "${run}"`),
    imageAddress: (run, file, path) => data.images[imageKey(run, file, path)] ?? "",
    subscribe: () => () => {},
  };
}

/** The data that a report carries, if this page is one. */
export function findReportData(): ReportData | undefined {
  const element = document.getElementById("report-data");
  return element ? (JSON.parse(element.textContent ?? "") as ReportData) : undefined;
}
