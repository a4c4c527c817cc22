import { useContext } from "preact/hooks";
import { SCALE_TICKS, scaleColour, scalePosition } from "../colour/dependency-scale.ts";
import { ThemeContext } from "../state/theme-context.ts";

const STEPS = 40;

/** What the shades of tokens mean. @param pivotal what outlined tokens are; undefined: none is. */
export function ScaleLegend({ pivotal }: { readonly pivotal: string | undefined }) {
  const theme = useContext(ThemeContext);
  return (
    <div class="scale">
      <span>Visual dependency, nats</span>
      <svg
        viewBox="0 0 200 26"
        width="200"
        height="26"
        role="img"
        aria-label="Colour scale, logarithmic from 0 to 10 nats"
      >
        {Array.from({ length: STEPS }, (_, step) => (
          <rect
            key={step}
            x={(step * 180) / STEPS + 10}
            y="0"
            width={180 / STEPS + 0.5}
            height="11"
            fill={scaleColour((step + 0.5) / STEPS, theme).background}
          />
        ))}
        <rect x="10" y="0" width="180" height="11" fill="none" class="frame" />
        {SCALE_TICKS.map((tick) => (
          <text key={tick} x={scalePosition(tick) * 180 + 10} y="23" text-anchor="middle">
            {tick}
          </text>
        ))}
      </svg>
      {pivotal !== undefined && (
        <span>
          <span class="token pivotal sample">token</span> pivotal: {pivotal}
        </span>
      )}
    </div>
  );
}
