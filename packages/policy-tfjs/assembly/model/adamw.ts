/**
 * One step of AdamW (Loshchilov and Hutter 2019) in one pass over memory, in place. Operations and their order are those of
 * stepInOperations in src/tensor-parameters.ts, so that the bits are too.
 *
 * @param count floats of each array
 * @param firstCorrection learningRate / (1 - beta1^t)
 * @param secondCorrection 1 / (1 - beta2^t)
 * @param keep 1 - learningRate * weightDecay
 */
export function stepAdamW(
  weights: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
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
  const bytes: usize = (<usize>count) << 2;
  for (let place: usize = 0; place < bytes; place += 16) {
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
    v128.store(weights + place, f32x4.sub(decayed, step));
    v128.store(firstMoments + place, first);
    v128.store(secondMoments + place, second);
  }
}
