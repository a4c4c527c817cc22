import type {
  Overview,
  RolloutQuery,
  RunChange,
  RunNames,
  Series,
  StepRange,
  ViewSource,
} from "@fovea-rl/run-records/view-data";
import { SeriesCache } from "./series-cache.ts";

/** About as many as a chart has pixels: more would not be seen, and each costs time to draw. */
const POINTS = 300;

async function ask<Answer>(path: string, parameters: readonly (readonly [string, string])[]): Promise<Answer> {
  const response = await fetch(`/api/${path}?${new URLSearchParams(parameters.map((pair) => [...pair]))}`);
  const answer = (await response.json()) as Answer | { readonly error: string };
  if (!response.ok) throw new Error((answer as { readonly error: string }).error);
  return answer as Answer;
}

function queryPairs(query: RolloutQuery): readonly (readonly [string, string])[] {
  return Object.entries(query).map(([name, value]) => [name, String(value)]);
}

/** Data from `fovea view`. */
export function serverSource(): ViewSource {
  let known: readonly string[] = [];
  const askSeries = (run: string, names: readonly string[], range?: StepRange) =>
    ask<Readonly<Record<string, Series>>>("series", [
      ["run", run],
      ["points", String(POINTS)],
      ...names.map((name) => ["name", name] as const),
      ...(range
        ? ([
            ["from", String(range.from)],
            ["to", String(range.to)],
          ] as const)
        : []),
    ]);
  const cache = new SeriesCache(askSeries);
  const names = new Map<string, Promise<RunNames>>();
  return {
    isLive: true,
    overview: async () => {
      const overview = await ask<Overview>("overview", []);
      known = overview.runs.map(({ id }) => id);
      return overview;
    },
    metricNames: (run) => {
      const answer = names.get(run) ?? ask<RunNames>("names", [["run", run]]);
      names.set(run, answer);
      // A failure is told to whoever asked, and not kept.
      answer.catch(() => names.delete(run));
      return answer;
    },
    series: (run, wanted, range) => (range ? askSeries(run, wanted, range) : cache.get(run, wanted)),
    rollouts: (run, query) => ask("rollouts", [["run", run], ...queryPairs(query)]),
    rollout: (run, { file, promptId, sampleIndex }) =>
      ask("rollout", [
        ["run", run],
        ["file", file],
        ["prompt", promptId],
        ["sample", String(sampleIndex)],
      ]),
    perception: (run, files) => ask("perception", [["run", run], ...files.map((file) => ["file", file] as const)]),
    imageAddress: (run, file, path) => `/api/image?${new URLSearchParams({ run, file, path })}`,
    subscribe(onChange, onState) {
      const events = new EventSource("/api/events");
      let wasLost = false;
      const pass = (change: RunChange) => {
        if (change.what.includes("metrics")) {
          cache.forget(change.run);
          names.delete(change.run);
        }
        onChange(change);
      };
      events.onopen = () => {
        onState(true);
        // What happened meanwhile was not heard: anything may have changed.
        if (wasLost) for (const run of known) pass({ run, what: ["summary", "metrics", "rollouts"] });
        wasLost = false;
      };
      events.onerror = () => {
        wasLost = true;
        onState(false);
      };
      events.onmessage = ({ data }) => {
        for (const change of JSON.parse(data) as readonly RunChange[]) pass(change);
      };
      return () => events.close();
    },
  };
}
