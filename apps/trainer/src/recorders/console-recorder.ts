import type { Recorder, RecorderContext } from "@fovea-rl/core";
import ora, { type Ora } from "ora";
import { terminalColours } from "../terminal-colours.ts";

/** What the console recorder is told besides records. */
export interface ConsoleRecorder {
  readonly recorder: (context: RecorderContext) => readonly Recorder[];
  readonly onPhase: (phase: string) => void;
  readonly onNotice: (notice: string) => void;
  stop(): void;
}

function duration(seconds: number): string {
  // Rounded before it is split: 119.7 s are 2 min 0 s, not 1 min 60 s.
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const percent = (value: number | undefined) => (value === undefined ? "-" : `${(100 * value).toFixed(1)} %`);
const digits = (value: number | undefined, places = 3) => (value === undefined ? "-" : value.toFixed(places));

/** One line on a terminal that stays alive below the lines of evaluations; elsewhere one plain line an update. */
export function consoleRecorder(stream: NodeJS.WriteStream = process.stderr): ConsoleRecorder {
  const colours = terminalColours(stream);
  const live: Ora | undefined = stream.isTTY
    ? // The terminal's cursor and input stay as they are: Ctrl-C must reach the process at any time.
      ora({ stream, hideCursor: false, discardStdin: false, spinner: "dots" })
    : undefined;
  let phase = "start";
  let line = "";
  const draw = () => {
    if (!live) return;
    live.text = `${line}${line ? "  " : ""}${colours.dim(phase)}`;
    // The engine computes without a pause, so no timer would draw it.
    if (live.isSpinning) live.render();
    else live.start();
  };
  const print = (text: string) => {
    live?.clear();
    stream.write(`${text}\n`);
    draw();
  };
  return {
    recorder: ({ updates }) => {
      const began = performance.now();
      let done = 0;
      return [
        {
          name: "console",
          recordStep({ step, metrics, timings }) {
            done++;
            const left = ((performance.now() - began) / 1000 / done) * (updates - step);
            const parts = [
              `update ${String(step).padStart(String(updates).length)}/${updates}`,
              `reward ${digits(metrics["reward/mean"])}`,
              // Of all rollouts sampled: a filter keeps groups around one half, whatever the policy learns.
              `accuracy ${percent(metrics["accuracy/sampled-mean"])}`,
              `length ${digits(metrics["response/length-mean"], 1)}`,
              ...(metrics["entropy/mean"] === undefined ? [] : [`entropy ${digits(metrics["entropy/mean"])}`]),
              ...(metrics["gradient/norm-mean"] === undefined
                ? []
                : [`gradient ${digits(metrics["gradient/norm-mean"])}`]),
              `${digits(timings["time/update-seconds"], 2)} s`,
              `${Math.round(timings["tokens-per-second"] ?? 0)} tokens/s`,
            ];
            line = parts.join("  ");
            if (live) line += colours.dim(`  about ${duration(left)} left`);
            else stream.write(`${line}\n`);
            draw();
          },
          recordEvaluation({ step, metrics, timings }) {
            const interval = `${percent(metrics["evaluation/accuracy-low"])} to ${percent(metrics["evaluation/accuracy-high"])}`;
            print(
              `held-out accuracy ${step === 0 ? "of the base" : `after ${step} updates`}: ${colours.bold(percent(metrics["evaluation/accuracy"]))} (95 % interval ${interval}, ${metrics["evaluation/prompts"]} prompts, ${digits(timings["time/evaluation-seconds"], 1)} s)`,
            );
          },
        },
      ];
    },
    onPhase(next) {
      phase = next;
      draw();
    },
    onNotice: (notice) => print(colours.yellow(`note: ${notice}`)),
    stop: () => live?.stop(),
  };
}
