import { DependencySummary } from "@fovea-rl/perception";
import type { DependencyNumbers, DependentToken } from "./perception-profile.ts";

/** Visual dependency of one rollout's tokens, with what the analysis tells apart. */
export interface MeasuredRollout {
  /** `[T]` */
  readonly dependency: ArrayLike<number>;
  /** `[T]` */
  readonly tokenTexts: readonly string[];
  readonly family: string | undefined;
  readonly isRight: boolean | undefined;
}

interface TokenSum {
  count: number;
  sum: number;
  maximum: number;
}

function numbersOf(summary: DependencySummary): DependencyNumbers {
  return { rollouts: summary.rollouts, ...summary.statistics() };
}

function partOf(parts: Map<string, DependencySummary>, name: string): DependencySummary {
  let part = parts.get(name);
  if (!part) {
    part = new DependencySummary();
    parts.set(name, part);
  }
  return part;
}

function numbersByName(parts: ReadonlyMap<string, DependencySummary>): Record<string, DependencyNumbers> {
  const sorted = [...parts].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, part]) => [name, numbersOf(part)]));
}

/**
 * What a perception profile needs of some rollouts. Those of the files of a run add up to that of the run, so that a live run's
 * new file costs no second look at the old ones.
 */
export class PerceptionSummary {
  readonly #all = new DependencySummary();
  readonly #families = new Map<string, DependencySummary>();
  readonly #verdicts = new Map<string, DependencySummary>();
  readonly #texts = new Map<string, TokenSum>();

  add({ dependency, tokenTexts, family, isRight }: MeasuredRollout): void {
    this.#all.add(dependency);
    if (family !== undefined) partOf(this.#families, family).add(dependency);
    if (isRight !== undefined) partOf(this.#verdicts, isRight ? "right" : "wrong").add(dependency);
    for (let token = 0; token < tokenTexts.length; token++) {
      const value = dependency[token]!;
      this.#addText(tokenTexts[token]!, 1, value, value);
    }
  }

  merge(other: PerceptionSummary): void {
    this.#all.merge(other.#all);
    for (const [name, part] of other.#families) partOf(this.#families, name).merge(part);
    for (const [name, part] of other.#verdicts) partOf(this.#verdicts, name).merge(part);
    for (const [text, { count, sum, maximum }] of other.#texts) this.#addText(text, count, sum, maximum);
  }

  #addText(text: string, count: number, sum: number, maximum: number): void {
    const entry = this.#texts.get(text);
    if (!entry) this.#texts.set(text, { count, sum, maximum });
    else {
      entry.count += count;
      entry.sum += sum;
      if (maximum > entry.maximum) entry.maximum = maximum;
    }
  }

  get rollouts(): number {
    return this.#all.rollouts;
  }

  numbers(): DependencyNumbers {
    return numbersOf(this.#all);
  }

  byFamily(): Record<string, DependencyNumbers> {
    return numbersByName(this.#families);
  }

  /** Keys `right` and `wrong`. */
  byVerdict(): Record<string, DependencyNumbers> {
    return numbersByName(this.#verdicts);
  }

  tokenHistogram(bins: number) {
    return this.#all.tokenHistogram(bins);
  }

  trajectoryHistogram(bins: number) {
    return this.#all.trajectoryHistogram(bins);
  }

  /** Texts that occur at least so often, the most dependent on average first. */
  rankTokens(leastCount: number): DependentToken[] {
    return [...this.#texts]
      .filter(([, { count }]) => count >= leastCount)
      .map(([text, { count, sum, maximum }]) => ({ text, count, mean: sum / count, maximum }))
      .sort((a, b) => b.mean - a.mean || b.count - a.count);
  }
}
