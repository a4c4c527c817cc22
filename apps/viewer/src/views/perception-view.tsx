import type { PerceptionProfile } from "@fovea-rl/run-records/view-data";
import { Downloads } from "../parts/downloads.tsx";
import { Histogram } from "../parts/histogram.tsx";
import { NumbersTable } from "../parts/numbers-table.tsx";
import { PerceptionTrend } from "../parts/perception-trend.tsx";
import { ProblemList } from "../parts/problem-list.tsx";
import { RunChoice } from "../parts/run-choice.tsx";
import { ShareBars } from "../parts/share-bars.tsx";
import { TopTokens } from "../parts/top-tokens.tsx";
import { useVersion } from "../state/changes.ts";
import { replaceRoute } from "../state/route.ts";
import { selectedRun } from "../state/selected-runs.ts";
import { useSource } from "../state/source-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { visibleLine } from "../text/visible-text.ts";
import type { ViewProperties } from "./view-properties.ts";

/** How much the tokens of a run look at the image: the paper's figures, from the run's own rollouts. */
export function PerceptionView({ overview, route }: ViewProperties) {
  const source = useSource();
  const run = selectedRun(overview, route);
  const file = route.parameters.get("file") ?? "";
  const version = useVersion(run ? [run.id] : [], ["rollouts"]);
  const { value, error } = useLoaded(
    async () => (run ? source.perception(run.id, file === "" ? [] : [file]) : undefined),
    run?.id ?? "",
    [file, version],
  );
  return (
    <div class="single">
      <h1>Perception</h1>
      <div class="toolbar">
        <RunChoice overview={overview} run={run} onChoose={(id) => replaceRoute("perception", { run: id })} />
        {value && value.files.length > 0 && (
          <label class="field">
            Rollouts
            <select
              value={file}
              onChange={(event) => replaceRoute("perception", { run: run?.id, file: event.currentTarget.value })}
            >
              <option value="">all that were measured</option>
              {value.files.map((name) => (
                <option key={name} value={name}>
                  {visibleLine(name, 60)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {error !== undefined && <p class="problem">{error}</p>}
      {run && <ProblemList run={run.id} problems={value?.problems ?? []} />}
      {run && !value && error === undefined && <p class="muted">Reading the rollouts of {run.id}…</p>}
      {!run && <p class="muted">There is no such run; choose another.</p>}
      {run && value && !value.profile && (
        <p class="muted">
          No recorded rollout of this run has a measured visual dependency. Algorithms such as VPPO measure it;{" "}
          <code>fovea perceive</code> measures it for any checkpoint.
        </p>
      )}
      {run && value?.profile && <Profile run={run.id} profile={value.profile} />}
    </div>
  );
}

function Profile({ run, profile }: { readonly run: string; readonly profile: PerceptionProfile }) {
  const { overall, byFamily, byVerdict, tokenHistogram, trajectoryHistogram } = profile;
  return (
    <>
      <p>
        {overall.tokens} tokens of {overall.rollouts} rollouts. Dependency is how much the perturbed image changed a
        token's probability, in nats.
      </p>
      <div class="figures">
        <Histogram title="Dependency of tokens" axis="dependency of a token, nats" histogram={tokenHistogram} isLog />
        <Histogram
          title="Dependency of trajectories"
          axis="mean dependency of a rollout, nats"
          histogram={trajectoryHistogram}
          isLog={false}
        />
        <ShareBars numbers={overall} />
        <TopTokens profile={profile} />
      </div>
      <h2>By question family and by answer</h2>
      <NumbersTable
        label="Dependency by question family and by answer"
        rows={[
          ["all", overall],
          ...Object.entries(byVerdict).map(([name, numbers]) => [`${name} answers`, numbers] as const),
          ...Object.entries(byFamily).map(([name, numbers]) => [name, numbers] as const),
        ]}
      />
      {profile.byFile.length > 1 && <PerceptionTrend profile={profile} />}
      <Downloads run={run} profile={profile} />
    </>
  );
}
