import type { Theme } from "../state/theme.ts";

/** After Okabe and Ito's colours, which colour-blind eyes tell apart, darkened or lightened to be seen on the page. */
const COLOURS: Readonly<Record<Theme, readonly string[]>> = {
  light: ["#0072b2", "#d55e00", "#007a5a", "#a8447f", "#8a6d00", "#444444", "#5b4a9e", "#3aa6dd"],
  dark: ["#56b4e9", "#e69f00", "#2fc79a", "#e58fc0", "#f0e442", "#8fb8ff", "#ff8a5c", "#dddddd"],
};
/** Colour alone is never the only sign: the ninth run has the first's colour and another line. */
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

export interface LineStyle {
  readonly colour: string;
  readonly dash: readonly number[];
}

export function lineStyle(index: number, theme: Theme): LineStyle {
  const colours = COLOURS[theme];
  return {
    colour: colours[index % colours.length]!,
    dash: DASHES[Math.floor(index / colours.length) % DASHES.length]!,
  };
}
