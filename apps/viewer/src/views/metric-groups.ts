/** Shown first and open, in this order, where a run has them. */
const KEY_METRICS = [
  "evaluation/accuracy",
  "reward/mean",
  "accuracy/mean",
  "response/length-mean",
  "entropy/mean",
  "dependency/mean",
  "dependency/top-20-share",
  "gradient/norm-mean",
  "ratio/clipped-fraction",
];

export interface MetricGroup {
  readonly title: string;
  readonly names: readonly string[];
}

/** The metrics that matter most, then all others by the part of their name before the slash. */
export function groupMetrics(names: readonly string[]): readonly MetricGroup[] {
  const all = [...new Set(names)];
  const key = KEY_METRICS.filter((name) => all.includes(name));
  const groups = new Map<string, string[]>();
  for (const name of all.filter((candidate) => !key.includes(candidate)).sort()) {
    const title = name.includes("/") ? name.slice(0, name.indexOf("/")) : "other";
    groups.set(title, [...(groups.get(title) ?? []), name]);
  }
  const rest = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([title, own]) => ({ title, names: own }));
  return key.length === 0 ? rest : [{ title: "key metrics", names: key }, ...rest];
}
