import type { RolloutDetail, RolloutReference } from "@fovea-rl/run-records/view-data";
import { useState } from "preact/hooks";
import { GroupList } from "../parts/group-list.tsx";
import { PromptImages } from "../parts/prompt-images.tsx";
import { PromptText } from "../parts/prompt-text.tsx";
import { rolloutLink } from "../parts/rollout-table.tsx";
import { TokenStrip } from "../parts/token-strip.tsx";
import { VerdictFacts } from "../parts/verdict-facts.tsx";
import { linkTo } from "../state/route.ts";
import { useSource } from "../state/source-context.ts";
import { useKeys } from "../state/use-keys.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { visibleLine } from "../text/visible-text.ts";
import type { ViewProperties } from "./view-properties.ts";

function follow(run: string, reference: RolloutReference | undefined): (() => void) | undefined {
  return reference && (() => location.replace(rolloutLink(run, reference)));
}

/** What the policy looked at, token by token. */
export function RolloutView({ route: { parameters } }: ViewProperties) {
  const source = useSource();
  const run = parameters.get("run") ?? "";
  const reference: RolloutReference = {
    file: parameters.get("file") ?? "",
    promptId: parameters.get("prompt") ?? "",
    sampleIndex: Number(parameters.get("sample") ?? 0),
  };
  const { value, error } = useLoaded(() => source.rollout(run, reference), run, [JSON.stringify(reference)]);
  const [isPerturbed, setPerturbed] = useState(false);
  useKeys({
    n: follow(run, value?.next),
    p: follow(run, value?.previous),
    i: () => setPerturbed(!isPerturbed),
  });
  return (
    <div class="single">
      <p class="row">
        <a href={linkTo("rollouts", { run })}>All rollouts of {visibleLine(run, 80)}</a>
      </p>
      {error !== undefined && <p class="problem">{error}</p>}
      {!value && error === undefined && <p class="muted">Reading the rollout…</p>}
      {value && <Rollout run={run} detail={value} isPerturbed={isPerturbed} onPerturbed={setPerturbed} />}
    </div>
  );
}

interface RolloutProperties {
  readonly run: string;
  readonly detail: RolloutDetail;
  readonly isPerturbed: boolean;
  readonly onPerturbed: (isPerturbed: boolean) => void;
}

function Rollout({ run, detail, isPerturbed, onPerturbed }: RolloutProperties) {
  const { file, rollout, previous, next, group } = detail;
  return (
    <>
      <div class="row spaced">
        <h1>
          Step {rollout.step} <bdi>{visibleLine(rollout.promptId, 60)}</bdi> #{rollout.sampleIndex}
        </h1>
        <nav class="row" aria-label="Rollouts of this file">
          {previous && <a href={rolloutLink(run, previous)}>Previous</a>}
          {next && <a href={rolloutLink(run, next)}>Next</a>}
          <span class="muted keys">
            <kbd>p</kbd> <kbd>n</kbd> step through, <kbd>i</kbd> switches the image
          </span>
        </nav>
      </div>
      <div class="rollout">
        <div class="seen">
          <PromptImages run={run} file={file} rollout={rollout} isPerturbed={isPerturbed} onPerturbed={onPerturbed} />
          <PromptText prompt={rollout.prompt} />
        </div>
        <div class="said">
          <TokenStrip key={`${file} ${rollout.promptId} ${rollout.sampleIndex}`} rollout={rollout} />
          <VerdictFacts rollout={rollout} />
        </div>
      </div>
      <GroupList run={run} group={group} current={rollout.sampleIndex} />
    </>
  );
}
