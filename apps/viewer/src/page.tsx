import type { ViewSource } from "@fovea-rl/run-records/view-data";
import { useConnection, useVersion } from "./state/changes.ts";
import { linkTo, type Route, useRoute, type View } from "./state/route.ts";
import { SourceContext } from "./state/source-context.ts";
import { useTheme } from "./state/theme.ts";
import { ThemeContext } from "./state/theme-context.ts";
import { useLoaded } from "./state/use-loaded.ts";
import { CompareView } from "./views/compare-view.tsx";
import { PerceptionView } from "./views/perception-view.tsx";
import { RolloutView } from "./views/rollout-view.tsx";
import { RolloutsView } from "./views/rollouts-view.tsx";
import { RunsView } from "./views/runs-view.tsx";
import type { ViewProperties } from "./views/view-properties.ts";

const TITLES: Readonly<Record<View, string>> = {
  runs: "Runs",
  compare: "Compare",
  rollouts: "Rollouts",
  rollout: "Rollout",
  perception: "Perception",
};
const TABS = ["runs", "compare", "rollouts", "perception"] as const;
const COMPONENTS = {
  runs: RunsView,
  compare: CompareView,
  rollouts: RolloutsView,
  rollout: RolloutView,
  perception: PerceptionView,
} as const;

/** What a tab keeps of the place one is at: the chosen runs, or the one run. */
function tabLink(view: View, { parameters }: Route): string {
  const runs = parameters.getAll("run");
  return linkTo(view, { run: view === "rollouts" || view === "perception" ? runs[0] : runs });
}

export function Page({ source }: { readonly source: ViewSource }) {
  const { theme, toggle } = useTheme();
  const route = useRoute();
  const isConnected = useConnection(source);
  const version = useVersion("any", ["summary"]);
  const { value: overview, error } = useLoaded(() => source.overview(), "overview", [version]);
  const Current = COMPONENTS[route.view];
  document.title = `${TITLES[route.view]} · Fovea`;
  const properties: ViewProperties | undefined = overview && { overview, route };
  return (
    <SourceContext.Provider value={source}>
      <ThemeContext.Provider value={theme}>
        <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
          Skip to the content
        </button>
        <header class="top">
          <span class="brand">
            <span aria-hidden="true" class="mark" /> Fovea
          </span>
          <nav aria-label="Views">
            {TABS.map((view) => {
              const isCurrent = route.view === view || (view === "rollouts" && route.view === "rollout");
              return (
                <a key={view} href={tabLink(view, route)} aria-current={isCurrent ? "page" : undefined}>
                  {TITLES[view]}
                </a>
              );
            })}
          </nav>
          <span class="grow" />
          {source.isLive && (
            <span class={isConnected ? "live" : "live off"} role="status">
              {isConnected ? "live" : "connection lost"}
            </span>
          )}
          <button type="button" class="quiet" onClick={toggle}>
            {theme === "dark" ? "Light" : "Dark"}
          </button>
        </header>
        <main id="main" tabIndex={-1}>
          {error !== undefined && <p class="problem">The runs cannot be read: {error}</p>}
          {properties && <Current {...properties} />}
          {!properties && error === undefined && <p class="muted">Reading the runs…</p>}
        </main>
      </ThemeContext.Provider>
    </SourceContext.Provider>
  );
}
