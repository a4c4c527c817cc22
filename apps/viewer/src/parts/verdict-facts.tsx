import type { RolloutRecord } from "@fovea-rl/run-records/view-data";
import { formatNumber } from "../text/format-number.ts";
import { visibleText } from "../text/visible-text.ts";
import { VerdictMark } from "./rollout-table.tsx";

/** One number if all tokens share it, else their range. */
function span(values: readonly number[] | undefined): string | undefined {
  if (!values || values.length === 0) return undefined;
  const least = Math.min(...values);
  const most = Math.max(...values);
  return least === most ? formatNumber(least) : `${formatNumber(least)} to ${formatNumber(most)}`;
}

/** How the rollout was graded, and what credit came of it. */
export function VerdictFacts({ rollout }: { readonly rollout: RolloutRecord }) {
  const { components, columns, advantages, reward, unshapedReward } = rollout;
  const before = span(columns["baseAdvantages"]);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["reward before shaping", unshapedReward === undefined ? undefined : formatNumber(unshapedReward)],
    [unshapedReward === undefined ? "reward" : "reward after shaping", formatNumber(reward)],
    ["reference answer", visibleText(rollout.referenceAnswer)],
    ["taken as the answer", rollout.extracted === undefined ? undefined : visibleText(rollout.extracted)],
    ["decided by", rollout.reason === undefined ? undefined : visibleText(rollout.reason)],
    ["family", rollout.family === undefined ? undefined : visibleText(rollout.family)],
    ["ended by", rollout.finishReason === "length" ? "the length limit" : visibleText(rollout.finishReason)],
    ["advantage before shaping", before],
    [before === undefined ? "advantage" : "advantage after shaping", span(advantages)],
    ...Object.entries(components).map(([name, value]) => [visibleText(name), formatNumber(value)] as const),
  ];
  return (
    <section class="verdict-facts" aria-label="Verdict">
      <h2>
        Verdict <VerdictMark row={{ accuracy: components["accuracy"] }} />
      </h2>
      <dl class="facts-grid">
        {facts
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
