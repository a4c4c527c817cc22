import type { StepRange } from "@fovea-rl/run-records/view-data";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { ThemeContext } from "../state/theme-context.ts";
import { formatNumber } from "../text/format-number.ts";
import type { CurveLine } from "./curve-line.ts";
import { drawOptions, plotData } from "./curve-plot.ts";
import { LineSample } from "./line-sample.tsx";

interface CurveProperties {
  readonly title: string;
  readonly lines: readonly CurveLine[];
  /** Set where points are means of many steps. */
  readonly note: string | undefined;
  /** The steps that `lines` are of, where they are not all. */
  readonly range?: StepRange | undefined;
  /** Hears which steps are wanted more exactly; undefined: all again. */
  readonly onRange?: (range: StepRange | undefined) => void;
}

const HEIGHT = 190;

/** What a line has at the last of its steps up to `step`. */
function reading(line: CurveLine, step: number | undefined) {
  const index = step === undefined ? line.steps.length - 1 : line.steps.findLastIndex((own) => own <= step);
  return { step: line.steps[index], value: line.values[index] };
}

/** A metric over steps, with what it is at the pointer or, by the arrow keys, at a step; at first at its end. */
export function Curve({ title, lines, note, range, onRange }: CurveProperties) {
  const theme = useContext(ThemeContext);
  const [step, setStep] = useState<number>();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  // What the plot paints and whom it tells, whenever it does.
  const now = useRef({ lines, onRange });
  now.current = { lines, onRange };

  // A plot is made anew only for other colours of the page; lines that come and go are painted on it.
  useEffect(() => {
    const element = holder.current!;
    const hearers = {
      lines: () => now.current.lines,
      onStep: setStep,
      onRange: (wanted: StepRange | undefined) => now.current.onRange?.(wanted),
    };
    const made = new uPlot(drawOptions(element, HEIGHT, hearers), plotData(now.current.lines), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme]);
  const drawn = useRef(lines);
  useLayoutEffect(() => {
    if (drawn.current === lines || !plot.current) return;
    drawn.current = lines;
    const made = plot.current;
    made.batch(() => {
      made.setData(plotData(lines), range === undefined);
      if (range) made.setScale("x", { min: range.from, max: range.to });
    });
  }, [lines]);

  const move = (event: KeyboardEvent) => {
    const steps = plot.current?.data[0];
    if (!plot.current || !steps || steps.length === 0) return;
    const index = step === undefined ? steps.length - 1 : steps.indexOf(step);
    if (event.key === "+" && onRange) {
      const { min, max } = plot.current.scales["x"]!;
      const quarter = ((max ?? 0) - (min ?? 0)) / 4;
      const middle = Math.max(min! + quarter, Math.min(max! - quarter, step ?? max!));
      if (quarter >= 1) onRange({ from: Math.floor(middle - quarter), to: Math.ceil(middle + quarter) });
      return;
    }
    if (event.key === "-") return onRange?.(undefined);
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      Home: 0,
      End: steps.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const chosen = steps[Math.max(0, Math.min(steps.length - 1, next))]!;
    plot.current.setCursor({ left: plot.current.valToPos(chosen, "x"), top: 0 });
    setStep(chosen);
  };

  return (
    <figure class="curve">
      <figcaption>{title}</figcaption>
      {/* biome-ignore lint/a11y/useSemanticElements: a canvas with a cursor has no element of its own. */}
      <div
        ref={holder}
        class="plot"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
        tabIndex={0}
        aria-label={`${title} over steps; arrow keys move along${onRange ? ", plus looks closer, minus shows all" : ""}`}
        onKeyDown={move}
      />
      <ul class="readings" aria-live="off">
        {lines.map((line) => {
          const at = reading(line, step);
          return (
            <li key={line.label}>
              <LineSample style={line.style} /> <span class="value">{formatNumber(at.value)}</span>{" "}
              <span class="muted">
                {line.label}
                {at.step === undefined ? "" : ` · step ${at.step}`}
              </span>
            </li>
          );
        })}
      </ul>
      {note !== undefined && <p class="muted note">{note}</p>}
      {range && (
        <p class="note">
          <span class="muted">
            Steps {range.from} to {range.to}.
          </span>{" "}
          <button type="button" class="quiet" onClick={() => onRange?.(undefined)}>
            Show all
          </button>
        </p>
      )}
    </figure>
  );
}
