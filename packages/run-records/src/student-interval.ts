/** 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom (any table); beyond, Cornish and Fisher's expansion is exact to 1e-5. */
const QUANTILES = [
  12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139, 2.200985,
  2.178813, 2.160369, 2.144787, 2.13145, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963, 2.079614, 2.073873, 2.068658,
  2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.04523, 2.042272,
];

function studentQuantile(degreesOfFreedom: number): number {
  const listed = QUANTILES[degreesOfFreedom - 1];
  if (listed !== undefined) return listed;
  const z = 1.959963984540054;
  const n = degreesOfFreedom;
  return (
    z +
    (z ** 3 + z) / (4 * n) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3)
  );
}

export interface MeanEstimate {
  readonly mean: number;
  /** 95 % interval; null with fewer than two values, which say nothing of their spread. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Mean with Student's t 95 % interval. */
export function studentInterval(values: readonly number[]): MeanEstimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, low: null, high: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = studentQuantile(values.length - 1) * Math.sqrt(variance / values.length);
  return { mean, low: mean - half, high: mean + half };
}
