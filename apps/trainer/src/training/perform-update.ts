import type { CreditedRollout, RolloutGroup } from "@fovea-rl/core";
import { collectBatch } from "./collect-batch.ts";
import { estimateCredit } from "./estimate-credit.ts";
import { optimise } from "./optimise.ts";
import { partitionMiniBatches } from "./partition-mini-batches.ts";
import { startPhaseClock } from "./phase-clock.ts";
import type { Run } from "./run.ts";
import type { TrainingState } from "./training-state.ts";
import { sampledTokens, updateMetrics } from "./update-metrics.ts";

/** What one update did. */
export interface UpdateResult {
  readonly state: TrainingState;
  readonly groups: readonly RolloutGroup<CreditedRollout>[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly timings: Readonly<Record<string, number>>;
}

/**
 * One update of the policy: task -> sample -> verify -> filter -> mini-batches -> advantage -> loss, clip, step. Everything random in
 * it is drawn by (seed, purpose, update, prompt, sample), so that it comes out the same after a resume.
 */
export async function performUpdate(run: Run, state: TrainingState): Promise<UpdateResult> {
  const update = state.step;
  const { training, seed } = run.configuration;
  const clock = startPhaseClock(run.onPhase);

  const batch = await collectBatch(run, update, state.promptCursor, clock);
  const miniBatches = partitionMiniBatches(batch.groups.length, training.miniBatchesPerUpdate, seed, update);
  const credited = await clock.measure("advantage", () => estimateCredit(run, batch.groups, miniBatches, update));
  const reports = await optimise(run, credited.groups, miniBatches, update, clock);

  const tokens = sampledTokens(batch);
  const totalTokens = state.totalTokens + tokens;
  const { phases, total } = clock.seconds();
  return {
    state: {
      ...state,
      step: update + 1,
      promptCursor: batch.promptCursor,
      totalTokens,
      trainingSeconds: state.trainingSeconds + total,
    },
    groups: credited.groups,
    metrics: updateMetrics(run, batch, credited.groups, credited.metrics, reports, totalTokens),
    timings: {
      ...Object.fromEntries(Object.entries(phases).map(([phase, seconds]) => [`time/${phase}-seconds`, seconds])),
      "time/update-seconds": total,
      "tokens-per-second": tokens / total,
      "sampling/tokens-per-second": tokens / (phases["sample"] ?? Number.NaN),
      "memory/resident-bytes": process.memoryUsage.rss(),
    },
  };
}
