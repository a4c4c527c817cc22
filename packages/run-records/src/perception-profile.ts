import { type MeasuredRollout, PerceptionSummary } from "./perception-summary.ts";

export interface DependencyHistogram {
  /** `[bins + 1]`, ascending. */
  readonly edges: readonly number[];
  /** `[bins]` */
  readonly counts: readonly number[];
}

/** Numbers of visual dependency over some rollouts. */
export interface DependencyNumbers {
  readonly rollouts: number;
  readonly tokens: number;
  readonly mean: number;
  readonly maximum: number;
  /** Share of all dependency that the most dependent 10, 20, 40 % of the tokens hold. */
  readonly top10Share: number;
  readonly top20Share: number;
  readonly top40Share: number;
  /** Over rollouts, of the mean of their tokens. */
  readonly trajectoryMean: number;
  readonly trajectoryMinimum: number;
  readonly trajectoryMaximum: number;
}

/** A token's text with how dependent it is wherever it stands. */
export interface DependentToken {
  readonly text: string;
  readonly count: number;
  readonly mean: number;
  readonly maximum: number;
}

/** The paper's perception figures from some rollouts. */
export interface PerceptionProfile {
  /** Files that the rollouts come from, without their ending. */
  readonly files: readonly string[];
  readonly overall: DependencyNumbers;
  readonly byFamily: Readonly<Record<string, DependencyNumbers>>;
  /** Keys `right` and `wrong`. */
  readonly byVerdict: Readonly<Record<string, DependencyNumbers>>;
  /** In the order of steps. */
  readonly byFile: readonly (DependencyNumbers & { readonly file: string; readonly step: number })[];
  readonly tokenHistogram: DependencyHistogram;
  readonly trajectoryHistogram: DependencyHistogram;
  /** Most dependent on average first, of the texts that occur at least {@link leastCount} times. */
  readonly topTokens: readonly DependentToken[];
  readonly leastCount: number;
}

const LISTED_TOKENS = 40;

function histogram({ edges, counts }: { readonly edges: Float64Array; readonly counts: Int32Array }) {
  return { edges: [...edges], counts: [...counts] };
}

/**
 * @param all the rollouts of all files.
 * @param files what each file holds.
 */
export function profileOfSummaries(
  all: PerceptionSummary,
  files: ReadonlyMap<string, { readonly step: number; readonly summary: PerceptionSummary }>,
): PerceptionProfile | undefined {
  if (all.rollouts === 0) return undefined;
  const overall = all.numbers();
  // A text seen once or twice among thousands says nothing of the kind of token that looks.
  const leastCount = Math.max(1, Math.min(5, Math.floor(overall.tokens / 500)));
  return {
    files: [...files.keys()],
    overall,
    byFamily: all.byFamily(),
    byVerdict: all.byVerdict(),
    byFile: [...files].map(([file, { step, summary }]) => ({ file, step, ...summary.numbers() })),
    tokenHistogram: histogram(all.tokenHistogram(50)),
    trajectoryHistogram: histogram(all.trajectoryHistogram(30)),
    topTokens: all.rankTokens(leastCount).slice(0, LISTED_TOKENS),
    leastCount,
  };
}

/**
 * @param files rollouts with measured dependency, by file.
 * @returns undefined if there is none.
 */
export function perceptionProfile(
  files: ReadonlyMap<string, { readonly step: number; readonly rollouts: readonly MeasuredRollout[] }>,
): PerceptionProfile | undefined {
  const all = new PerceptionSummary();
  const summaries = new Map<string, { readonly step: number; readonly summary: PerceptionSummary }>();
  for (const [file, { step, rollouts }] of files) {
    const summary = new PerceptionSummary();
    for (const rollout of rollouts) summary.add(rollout);
    all.merge(summary);
    summaries.set(file, { step, summary });
  }
  return profileOfSummaries(all, summaries);
}
