import type { Theme } from "../state/theme.ts";

/** Two scales that colour-blind eyes read as well as others; each begins near its page's background. */
const SCALES: Readonly<Record<Theme, readonly (readonly [number, number, number])[]>> = {
  // YlGnBu of ColorBrewer (Harrower and Brewer 2003), from white.
  light: [
    [255, 255, 255],
    [237, 248, 177],
    [199, 233, 180],
    [127, 205, 187],
    [65, 182, 196],
    [29, 145, 192],
    [34, 94, 168],
    [37, 52, 148],
    [8, 29, 88],
  ],
  // Cividis (Nuñez, Anderton and Renslow 2018).
  dark: [
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
  ],
};

/** Dependencies below this are as good as none. */
const SMALLEST = 1e-3;
/** The k3 estimate is cut off here. */
const LARGEST = 10;

/** Values that a legend names. */
export const SCALE_TICKS: readonly number[] = [0, 0.01, 0.1, 1, 10];

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
  const scale = SCALES[theme];
  const along = position * (scale.length - 1);
  const index = Math.min(scale.length - 2, Math.floor(along));
  const mix = (channel: 0 | 1 | 2) => {
    const from = scale[index]![channel];
    return Math.round(from + (scale[index + 1]![channel] - from) * (along - index));
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
