/**
 * One step of AdamW (Loshchilov and Hutter 2019) in one pass over memory, on TensorFlow.js's own: as its operations it takes sixteen.
 * AssemblyScript compiles it into src/kernels/adamw-binary.ts: `pnpm --filter @fovea-rl/policy-tfjs build:kernels`.
 *
 * Operations and their order are those of src/adamw.ts, so that the bits are too.
 */

/**
 * @param count floats of each array
 * @param firstCorrection learningRate / (1 - beta1^t)
 * @param secondCorrection 1 / (1 - beta2^t)
 * @param keep 1 - learningRate * weightDecay
 */
export function adamw(
  weights: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  newWeights: usize,
  newFirstMoments: usize,
  newSecondMoments: usize,
  count: i32,
  scale: f32,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  firstCorrection: f32,
  secondCorrection: f32,
  epsilon: f32,
  keep: f32,
): void {
  let index: usize = 0;
  const vectors = <usize>count & ~3;
  for (; index < vectors; index += 4) {
    const place = index << 2;
    const gradient = f32x4.mul(v128.load(gradients + place), f32x4.splat(scale));
    const first = f32x4.add(
      f32x4.mul(v128.load(firstMoments + place), f32x4.splat(beta1)),
      f32x4.mul(gradient, f32x4.splat(oneMinusBeta1)),
    );
    const second = f32x4.add(
      f32x4.mul(v128.load(secondMoments + place), f32x4.splat(beta2)),
      f32x4.mul(f32x4.mul(gradient, gradient), f32x4.splat(oneMinusBeta2)),
    );
    const root = f32x4.sqrt(f32x4.mul(second, f32x4.splat(secondCorrection)));
    const step = f32x4.mul(f32x4.div(first, f32x4.add(root, f32x4.splat(epsilon))), f32x4.splat(firstCorrection));
    const decayed = f32x4.mul(v128.load(weights + place), f32x4.splat(keep));
    v128.store(newWeights + place, f32x4.sub(decayed, step));
    v128.store(newFirstMoments + place, first);
    v128.store(newSecondMoments + place, second);
  }
  for (; index < <usize>count; index++) {
    const place = index << 2;
    const gradient = load<f32>(gradients + place) * scale;
    const first = load<f32>(firstMoments + place) * beta1 + gradient * oneMinusBeta1;
    const second = load<f32>(secondMoments + place) * beta2 + gradient * gradient * oneMinusBeta2;
    const root = sqrt<f32>(second * secondCorrection);
    const step = (first / (root + epsilon)) * firstCorrection;
    store<f32>(newWeights + place, load<f32>(weights + place) * keep - step);
    store<f32>(newFirstMoments + place, first);
    store<f32>(newSecondMoments + place, second);
  }
}
