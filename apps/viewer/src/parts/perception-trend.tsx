import type { DependencyNumbers, PerceptionProfile } from "@fovea-rl/run-records/view-data";
import { useContext, useMemo } from "preact/hooks";
import { lineStyle } from "../colour/run-colours.ts";
import { ThemeContext } from "../state/theme-context.ts";
import { Curve } from "./curve.tsx";
import type { CurveLine } from "./curve-line.ts";
import { NumbersTable } from "./numbers-table.tsx";

const SHOWN: readonly (readonly [title: string, key: keyof DependencyNumbers])[] = [
  ["mean dependency of tokens", "mean"],
  ["share of the top 10 % of tokens", "top10Share"],
  ["share of the top 20 % of tokens", "top20Share"],
  ["mean dependency of trajectories", "trajectoryMean"],
];

/** How the numbers move over training: of the rollouts trained on, and of what `fovea perceive` measured. */
export function PerceptionTrend({ profile: { byFile } }: { readonly profile: PerceptionProfile }) {
  const theme = useContext(ThemeContext);
  const charts = useMemo(() => {
    const folders = [...new Set(byFile.map(({ file }) => file.split("/")[0]!))];
    return SHOWN.map(([title, key]) => ({
      title,
      lines: folders.map((folder, index): CurveLine => {
        const own = byFile.filter(({ file }) => file.startsWith(`${folder}/`)).sort((a, b) => a.step - b.step);
        return {
          label: folder === "rollouts" ? "rollouts trained on" : folder,
          style: lineStyle(index, theme),
          steps: own.map(({ step }) => step),
          values: own.map((numbers) => numbers[key]),
          raw: undefined,
          low: undefined,
          high: undefined,
        };
      }),
    }));
  }, [byFile, theme]);
  return (
    <>
      <h2>Over training</h2>
      <div class="curves">
        {charts.map(({ title, lines }) => (
          <Curve key={title} title={title} lines={lines} note={undefined} />
        ))}
      </div>
      <NumbersTable label="Dependency over training" rows={byFile.map((numbers) => [numbers.file, numbers] as const)} />
    </>
  );
}
