import type { LineStyle } from "../colour/run-colours.ts";

/** A piece of a run's line, for legends. */
export function LineSample({ style }: { readonly style: LineStyle }) {
  return (
    <svg class="line-sample" width="26" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="26"
        y2="4"
        stroke={style.colour}
        stroke-width="3"
        stroke-dasharray={style.dash.join(" ")}
      />
    </svg>
  );
}
