import { readFileSync } from "node:fs";

/** A loss of the golden files, with its gradient `[rollouts][tokens]` and the settings it was computed with. */
export interface GoldenLoss {
  readonly loss: number;
  readonly gradient: readonly (readonly number[])[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A VPPO loss with what it was shaped and filtered by. */
export interface GoldenVppoLoss extends GoldenLoss {
  readonly dependency: readonly (readonly number[])[];
  readonly trajectoryDependency: readonly number[];
  readonly shaping: readonly number[];
  readonly betaMaxUsed: number | null;
  readonly tokenMask: readonly (readonly number[])[];
}

/** Inputs and float64 results of the published formulas. Row i is in group floor(i / groupSize). */
export interface GoldenAlgorithms {
  readonly groupSize: number;
  readonly groups: number;
  readonly lengths: readonly number[];
  readonly rewards: readonly number[];
  readonly oldLogprobs: readonly (readonly number[])[];
  readonly logprobs: readonly (readonly number[])[];
  readonly referenceLogprobs: readonly (readonly number[])[];
  readonly perturbedLogprobs: readonly (readonly number[])[];
  readonly expected: {
    readonly advantages: Readonly<Record<"grpo" | "drGrpo" | "rloo", readonly number[]>>;
  } & Readonly<Record<"kl:k1" | "kl:k2" | "kl:k3", readonly (readonly number[])[]>> &
    Readonly<
      Record<
        | "grpo"
        | "grpo-no-kl"
        | "dapo"
        | "dapo-entropy"
        | "aggregation:token-mean"
        | "aggregation:sequence-mean-token-mean"
        | "aggregation:sequence-mean-token-sum"
        | "aggregation:constant"
        | "gspo"
        | "cispo",
        GoldenLoss
      >
    > &
    Readonly<Record<"vppo" | "vppo-filtering-only" | "vppo-shaping-only" | "vppo-fixed-range", GoldenVppoLoss>>;
}

/** The golden files by size: 2 groups of 4 rollouts, and 6 groups of 8. */
export const GOLDEN_SIZES = ["small", "medium"] as const;

/** Reads one of the golden files that this package carries. */
export function goldenAlgorithms(size: (typeof GOLDEN_SIZES)[number]): GoldenAlgorithms {
  const url = new URL(`../fixtures/golden-algorithms/${size}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

/**
 * The largest difference between two nested arrays of numbers, relative to the largest magnitude expected: the measure by which
 * float32 can agree with float64. `Infinity` when shapes differ or something is not finite.
 */
export function relativeDifference(actual: unknown, expected: unknown): number {
  const pairs = pairNumbers(actual, expected);
  const scale = pairs.reduce((largest, [, value]) => Math.max(largest, Math.abs(value)), 0);
  const worst = pairs.reduce((largest, [value, wanted]) => {
    const difference = Math.abs(value - wanted);
    return Number.isFinite(difference) ? Math.max(largest, difference) : Number.POSITIVE_INFINITY;
  }, 0);
  return worst === 0 ? 0 : worst / scale;
}

function pairNumbers(actual: unknown, expected: unknown): [number, number][] {
  if (typeof expected === "number") return [[typeof actual === "number" ? actual : Number.NaN, expected]];
  const left = Array.from(actual as ArrayLike<unknown>);
  const right = Array.from(expected as ArrayLike<unknown>);
  if (left.length !== right.length) return [[Number.NaN, 0]];
  return right.flatMap((value, index) => pairNumbers(left[index], value));
}
