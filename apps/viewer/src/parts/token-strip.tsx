import type { RolloutRecord } from "@fovea-rl/run-records/view-data";
import { useContext, useRef, useState } from "preact/hooks";
import { scaleColour, scalePosition } from "../colour/dependency-scale.ts";
import { ThemeContext } from "../state/theme-context.ts";
import { formatNumber } from "../text/format-number.ts";
import { visibleToken } from "../text/visible-text.ts";
import { ScaleLegend } from "./scale-legend.tsx";
import { TokenFacts } from "./token-facts.tsx";

/** A soft mask gives every token a weight; these are the ones it favours. */
const PIVOTAL = 0.5;

/**
 * The response, each token shaded by its visual dependency and outlined where the algorithm learns from it. Pointer, focus and
 * arrow keys choose the token whose numbers stand below.
 */
export function TokenStrip({ rollout }: { readonly rollout: RolloutRecord }) {
  const theme = useContext(ThemeContext);
  const { tokenTexts, columns, advantages } = rollout;
  const { dependency, tokenWeights } = columns;
  const most = dependency ? dependency.indexOf(Math.max(...dependency)) : 0;
  const [chosen, setChosen] = useState(Math.max(0, most));
  const strip = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: chosen - 1,
      ArrowRight: chosen + 1,
      Home: 0,
      End: tokenTexts.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(tokenTexts.length - 1, next));
    setChosen(place);
    strip.current?.querySelectorAll("button")[place]?.focus();
  };
  return (
    <section aria-label="Response by token">
      {dependency ? (
        <ScaleLegend
          pivotal={tokenWeights && (advantages ? "the update learns from it" : "VPPO would learn from it")}
        />
      ) : (
        <p class="muted">Visual dependency was not measured: this algorithm does not need it. fovea perceive does.</p>
      )}
      {tokenTexts.length === 0 && <p class="muted">The response has no token.</p>}
      <div class="tokens" role="toolbar" aria-label="Tokens; arrow keys move along" ref={strip} onKeyDown={move}>
        {tokenTexts.map((text, index) => {
          const value = dependency?.[index];
          const colour = value === undefined ? undefined : scaleColour(scalePosition(value), theme);
          const isPivotal = (tokenWeights?.[index] ?? 0) >= PIVOTAL;
          return (
            <>
              <button
                type="button"
                key={index}
                class={`token${isPivotal ? " pivotal" : ""}`}
                style={colour && { background: colour.background, color: colour.text }}
                tabIndex={index === chosen ? 0 : -1}
                aria-pressed={index === chosen}
                aria-label={`${visibleToken(text)}, dependency ${formatNumber(value)}${isPivotal ? ", pivotal" : ""}`}
                onMouseEnter={() => setChosen(index)}
                onFocus={() => setChosen(index)}
                onClick={() => setChosen(index)}
              >
                <bdi>{visibleToken(text)}</bdi>
              </button>
              {text.includes("\n") && <br key={`break ${index}`} />}
            </>
          );
        })}
      </div>
      {tokenTexts.length > 0 && <TokenFacts rollout={rollout} token={chosen} />}
    </section>
  );
}
