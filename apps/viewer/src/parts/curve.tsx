import { useContext, useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { ThemeContext } from "../state/theme-context.ts";
import { formatNumber } from "../text/format-number.ts";
import type { CurveLine } from "./curve-line.ts";
import { drawOptions, plotData, plotShape } from "./curve-plot.ts";
import { LineSample } from "./line-sample.tsx";

interface CurveProperties {
  readonly title: string;
  readonly lines: readonly CurveLine[];
  /** Set where points are means of many steps. */
  readonly note: string | undefined;
}

const HEIGHT = 190;

/** What a line has at the last of its steps up to `step`. */
function reading(line: CurveLine, step: number | undefined) {
  const index = step === undefined ? line.steps.length - 1 : line.steps.findLastIndex((own) => own <= step);
  return { step: line.steps[index], value: line.values[index] };
}

/** A metric over steps, with what it is at the pointer or, by the arrow keys, at a step; at first at its end. */
export function Curve({ title, lines, note }: CurveProperties) {
  const theme = useContext(ThemeContext);
  const [step, setStep] = useState<number>();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);

  // A plot is made anew only for other lines or colours; other values of the same lines are drawn on it.
  const shape = `${theme} ${plotShape(lines)}`;
  const drawn = useRef<readonly CurveLine[]>([]);
  useEffect(() => {
    const element = holder.current!;
    const made = new uPlot(drawOptions(lines, element, HEIGHT, setStep), plotData(lines), element);
    drawn.current = lines;
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    if (drawn.current !== lines) plot.current?.setData(plotData(lines));
    drawn.current = lines;
  }, [lines]);

  const move = (event: KeyboardEvent) => {
    const steps = plot.current?.data[0];
    if (!plot.current || !steps || steps.length === 0) return;
    const index = step === undefined ? steps.length - 1 : steps.indexOf(step);
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
        aria-label={`${title} over steps; arrow keys move along`}
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
    </figure>
  );
}
