import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { median } from "./median.ts";
import type { Records } from "./records.ts";
import { workloadName } from "./workload.ts";

const AXES = ["group size", "image tokens", "response length", "parameters"] as const;

interface Point {
  readonly axis: string;
  readonly place: number;
  readonly milliseconds: number;
  readonly process: string;
}

function points(records: Records, operation: string): readonly Point[] {
  return records.comparisons
    .filter(({ experiment, what }) => AXES.some((axis) => axis === experiment) && what === operation)
    .flatMap(({ experiment, plan, series }) => {
      const parameters = records.agreements.find(
        (agreement) => workloadName(agreement.plan) === workloadName(plan),
      )?.parameters;
      const places = {
        "group size": plan.groupSize,
        "image tokens": plan.imageTokens,
        "response length": plan.responseLength,
        parameters: parameters ?? 0,
      };
      return series.map(({ label, seconds }) => ({
        axis: experiment,
        place: places[experiment as keyof typeof places],
        milliseconds: 1000 * median(seconds),
        process: label,
      }));
    });
}

/** How one operation's time grows along each axis, both scales logarithmic: an SVG, or `undefined` where nothing was measured. */
export async function growthPlot(records: Records, operation: string): Promise<string | undefined> {
  const values = points(records, operation);
  if (values.length === 0) return undefined;
  const specification: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    concat: AXES.map((axis) => ({
      width: 260,
      height: 200,
      data: { values: values.filter((point) => point.axis === axis) as Point[] },
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "place", type: "quantitative", scale: { type: "log", nice: false }, title: axis },
        y: { field: "milliseconds", type: "quantitative", scale: { type: "log" }, title: `${operation}, ms` },
        color: { field: "process", type: "nominal", title: null },
      },
    })),
    columns: 2,
  };
  const view = new View(parse(compile(specification).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
