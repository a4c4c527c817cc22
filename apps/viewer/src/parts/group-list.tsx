import type { RolloutRow } from "@fovea-rl/run-records/view-data";
import { formatNumber } from "../text/format-number.ts";
import { visibleLine } from "../text/visible-text.ts";
import { rolloutLink, VerdictMark } from "./rollout-table.tsx";

interface GroupListProperties {
  readonly run: string;
  readonly group: readonly RolloutRow[];
  readonly current: number;
}

/** The rollouts of the same prompt, most dependent first. */
export function GroupList({ run, group, current }: GroupListProperties) {
  return (
    <section class="group-list" aria-label="Rollouts of this prompt">
      <h2>
        All {group.length} of this prompt <span class="muted">by dependency</span>
      </h2>
      <ol>
        {group.map((row) => (
          <li key={row.sampleIndex}>
            <a
              class={row.sampleIndex === current ? "current" : ""}
              href={rolloutLink(run, row)}
              aria-current={row.sampleIndex === current ? "true" : undefined}
            >
              <span class="muted">#{row.sampleIndex}</span> <VerdictMark row={row} />{" "}
              <bdi>{row.text === "" ? "(empty)" : visibleLine(row.text, 90)}</bdi>
            </a>{" "}
            <span class="muted">
              reward {formatNumber(row.reward)}, dependency {formatNumber(row.dependency)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
