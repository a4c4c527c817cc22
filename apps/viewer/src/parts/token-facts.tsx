import type { RolloutRecord } from "@fovea-rl/run-records/view-data";
import { formatNumber } from "../text/format-number.ts";
import { visibleToken } from "../text/visible-text.ts";

const KNOWN = ["dependency", "tokenWeights", "perturbedLogprobs", "baseAdvantages"];

/** Everything recorded of one token. */
export function TokenFacts({ rollout, token }: { readonly rollout: RolloutRecord; readonly token: number }) {
  const { columns, behaviourLogprobs, entropies, advantages, tokenTexts } = rollout;
  const logprob = behaviourLogprobs?.[token];
  const perturbed = columns["perturbedLogprobs"]?.[token];
  const probability = (value: number | undefined) => (value === undefined ? undefined : Math.exp(value));
  const facts: readonly (readonly [string, number | undefined])[] = [
    ["probability with the image", probability(logprob)],
    ["with the perturbed image", probability(perturbed)],
    ["visual dependency, nats", columns["dependency"]?.[token]],
    [advantages ? "weight in the update" : "weight in an update of VPPO", columns["tokenWeights"]?.[token]],
    ["advantage before shaping", columns["baseAdvantages"]?.[token]],
    ["advantage", advantages?.[token]],
    ["entropy, nats", entropies?.[token]],
    ...Object.entries(columns)
      .filter(([name]) => !KNOWN.includes(name))
      .map(([name, values]) => [name, values[token]] as const),
  ];
  return (
    <div class="token-facts" aria-live="polite">
      <p>
        Token {token + 1} of {tokenTexts.length} <code>{visibleToken(tokenTexts[token] ?? "")}</code>
      </p>
      <dl class="facts-grid">
        {facts
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formatNumber(value)}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}
