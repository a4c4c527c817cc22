import type { ShapingOptions } from "./vppo-options.ts";

export interface TrajectoryShaping {
  /** alpha_i `[rollouts]`. */
  readonly factors: Float64Array;
  /** The factor of the rollout that looks most; undefined where dependencies do not differ. */
  readonly betaMax?: number;
}

/** Below this range of trajectory dependencies they count as equal. */
const SMALLEST_RANGE = 1e-6;

/**
 * Trajectory-level shaping, VPPO eq. 5: alpha_i = betaMin + n_i (betaMax - betaMin) with n_i = (Sbar_i - min) / (max - min).
 *
 * @param trajectoryDependencies Sbar_i `[rollouts]` of one normalisation scope.
 * @returns factors of 1 where the dependencies do not differ.
 */
export function trajectoryShaping(
  trajectoryDependencies: ArrayLike<number>,
  { betaMin, betaMax }: Pick<ShapingOptions, "betaMin" | "betaMax">,
): TrajectoryShaping {
  const values = Float64Array.from(trajectoryDependencies);
  const minimum = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const maximum = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!(maximum - minimum > SMALLEST_RANGE)) return { factors: values.fill(1) };
  const normalised = values.map((value) => (value - minimum) / (maximum - minimum));
  const mean = normalised.reduce((sum, value) => sum + value, 0) / normalised.length;
  // The mean factor is betaMin + mean(n) (betaMax - betaMin); this range makes it 1.
  const upper = betaMax === "dynamic" ? betaMin + (1 - betaMin) / mean : betaMax;
  return { factors: normalised.map((value) => betaMin + value * (upper - betaMin)), betaMax: upper };
}

/**
 * Shapes the rollouts of an update, each normalised within its scope.
 *
 * @param trajectoryDependencies `[groups][rollouts]`; undefined for a prompt without images, which takes no part: factor 1.
 * @param miniBatches the optimiser mini-batches as indices into the groups.
 */
export function shapeByScope(
  trajectoryDependencies: readonly (readonly number[] | undefined)[],
  miniBatches: readonly (readonly number[])[],
  options: ShapingOptions,
): { factor(group: number, rollout: number): number; metrics: Readonly<Record<string, number>> } {
  const everyGroup = trajectoryDependencies.map((_, group) => group);
  const scopes = { "mini-batch": miniBatches, batch: [everyGroup], group: everyGroup.map((group) => [group]) };
  const factors = trajectoryDependencies.map((): number[] => []);
  const metrics: Record<string, number> = {};
  for (const scope of scopes[options.scope]) {
    const shaping = trajectoryShaping(
      scope.flatMap((group) => trajectoryDependencies[group] ?? []),
      options,
    );
    let next = 0;
    for (const group of scope) {
      for (const _ of trajectoryDependencies[group] ?? []) factors[group]!.push(shaping.factors[next++]!);
    }
    if (shaping.betaMax !== undefined) {
      metrics["shaping/beta-max"] = Math.max(shaping.betaMax, metrics["shaping/beta-max"] ?? 0);
    }
  }
  const all = factors.flat();
  if (all.length > 0) {
    metrics["shaping/min"] = all.reduce((least, factor) => Math.min(least, factor));
    metrics["shaping/max"] = all.reduce((most, factor) => Math.max(most, factor));
  }
  return { factor: (group, rollout) => factors[group]?.[rollout] ?? 1, metrics };
}
