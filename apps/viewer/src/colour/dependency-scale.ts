import type { Theme } from "../state/theme.ts";

/** Cividis (Nuñez, Anderton and Renslow 2018), made for colour-blind eyes: ten of its colours from 0 to 1. */
const CIVIDIS = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
] as const;

/** Dependencies below this are as good as none. */
const SMALLEST = 1e-3;
/** The k3 estimate is cut off here. */
const LARGEST = 10;

/** Values that a legend names. */
export const SCALE_TICKS: readonly number[] = [0, 0.001, 0.01, 0.1, 1, 10];

/**
 * Place of a dependency on the scale, 0 to 1. It is logarithmic, since most tokens hardly look and a few look a thousand
 * times more; and the same for all rollouts, so that colours can be compared.
 */
export function scalePosition(dependency: number): number {
  if (!(dependency > 0)) return 0;
  return Math.min(1, Math.log1p(dependency / SMALLEST) / Math.log1p(LARGEST / SMALLEST));
}

export interface TokenColour {
  readonly background: string;
  readonly text: string;
}

/** What stands out on the page stands for what looks most: dark on light, bright on dark. */
export function scaleColour(position: number, theme: Theme): TokenColour {
  const along = (theme === "light" ? 1 - position : position) * (CIVIDIS.length - 1);
  const index = Math.min(CIVIDIS.length - 2, Math.floor(along));
  const mix = (channel: 0 | 1 | 2) => {
    const from = CIVIDIS[index]![channel];
    return Math.round(from + (CIVIDIS[index + 1]![channel] - from) * (along - index));
  };
  const rgb = [mix(0), mix(1), mix(2)] as const;
  return { background: `rgb(${rgb.join(" ")})`, text: luminance(rgb) > 0.179 ? "#000000" : "#ffffff" };
}

/** Relative luminance (WCAG 2.2): black or white text on it then has a contrast of at least 4.5. */
function luminance(rgb: readonly number[]): number {
  const [red, green, blue] = rgb.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
