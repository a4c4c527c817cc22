import type { RolloutRecord } from "./rollout-record.ts";
import type { RolloutRow } from "./rollout-row.ts";
import type { RolloutDetail, RolloutReference } from "./view-data.ts";

function reference(row: RolloutRow | undefined): RolloutReference | undefined {
  return row && { file: row.file, promptId: row.promptId, sampleIndex: row.sampleIndex };
}

/** Puts a rollout among its neighbours. @param rows all rows of the run, as recorded. */
export function rolloutDetail(rows: readonly RolloutRow[], file: string, rollout: RolloutRecord): RolloutDetail {
  const own = rows.filter((row) => row.file === file);
  const place = own.findIndex((row) => row.promptId === rollout.promptId && row.sampleIndex === rollout.sampleIndex);
  return {
    file,
    rollout,
    group: own
      .filter((row) => row.promptId === rollout.promptId)
      .sort((a, b) => (b.dependency ?? -1) - (a.dependency ?? -1) || a.sampleIndex - b.sampleIndex),
    previous: reference(own[place - 1]),
    next: reference(own[place + 1]),
  };
}
