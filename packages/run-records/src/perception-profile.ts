import { dependencyHistogram, dependencyStatistics, trajectoryDependency } from "@fovea-rl/perception";

/** Visual dependency of one rollout's tokens, with what the analysis tells apart. */
export interface MeasuredRollout {
  /** `[T]` */
  readonly dependency: ArrayLike<number>;
  /** `[T]` */
  readonly tokenTexts: readonly string[];
  readonly family: string | undefined;
  readonly isRight: boolean | undefined;
}

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

export function dependencyNumbers(rollouts: readonly MeasuredRollout[]): DependencyNumbers {
  return { rollouts: rollouts.length, ...dependencyStatistics(rollouts.map(({ dependency }) => dependency)) };
}

function split(
  rollouts: readonly MeasuredRollout[],
  nameOf: (rollout: MeasuredRollout) => string | undefined,
): Record<string, DependencyNumbers> {
  const parts = new Map<string, MeasuredRollout[]>();
  for (const rollout of rollouts) {
    const name = nameOf(rollout);
    if (name === undefined) continue;
    const part = parts.get(name);
    if (part) part.push(rollout);
    else parts.set(name, [rollout]);
  }
  return Object.fromEntries(
    [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, dependencyNumbers(own)]),
  );
}

function rankTokens(rollouts: readonly MeasuredRollout[], leastCount: number): readonly DependentToken[] {
  const sums = new Map<string, { count: number; sum: number; maximum: number }>();
  for (const { dependency, tokenTexts } of rollouts) {
    tokenTexts.forEach((text, token) => {
      const value = dependency[token]!;
      const entry = sums.get(text);
      if (!entry) sums.set(text, { count: 1, sum: value, maximum: value });
      else {
        entry.count++;
        entry.sum += value;
        entry.maximum = Math.max(entry.maximum, value);
      }
    });
  }
  return [...sums]
    .filter(([, { count }]) => count >= leastCount)
    .map(([text, { count, sum, maximum }]) => ({ text, count, mean: sum / count, maximum }))
    .sort((a, b) => b.mean - a.mean || b.count - a.count)
    .slice(0, LISTED_TOKENS);
}

function histogram(values: readonly number[], bins: number): DependencyHistogram {
  const { edges, counts } = dependencyHistogram(values, { bins });
  return { edges: [...edges], counts: [...counts] };
}

/**
 * @param files rollouts with measured dependency, by file.
 * @returns undefined if there is none.
 */
export function perceptionProfile(
  files: ReadonlyMap<string, { readonly step: number; readonly rollouts: readonly MeasuredRollout[] }>,
): PerceptionProfile | undefined {
  const rollouts = [...files.values()].flatMap((file) => file.rollouts);
  if (rollouts.length === 0) return undefined;
  const overall = dependencyNumbers(rollouts);
  const tokens: number[] = [];
  for (const { dependency } of rollouts)
    for (let token = 0; token < dependency.length; token++) tokens.push(dependency[token]!);
  // A text seen once or twice among thousands says nothing of the kind of token that looks.
  const leastCount = Math.max(1, Math.min(5, Math.floor(overall.tokens / 500)));
  return {
    files: [...files.keys()],
    overall,
    byFamily: split(rollouts, ({ family }) => family),
    byVerdict: split(rollouts, ({ isRight }) => (isRight === undefined ? undefined : isRight ? "right" : "wrong")),
    byFile: [...files].map(([file, { step, rollouts: own }]) => ({ file, step, ...dependencyNumbers(own) })),
    tokenHistogram: histogram(tokens, 50),
    trajectoryHistogram: histogram(
      rollouts.map(({ dependency }) => trajectoryDependency(dependency)),
      30,
    ),
    topTokens: rankTokens(rollouts, leastCount),
    leastCount,
  };
}
