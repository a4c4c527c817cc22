import type { Address } from "./kernel-exports.ts";
import type { WasmModel } from "./wasm-model.ts";

/** Cosines and sines of a pass's positions, `[positions, headDimension / 2]` each. */
export interface RotaryPositions {
  readonly cosines: Address;
  readonly sines: Address;
}

/** Tables for positions 0 to count - 1, for as long as the pass lasts. Angles are computed in float64, as a long context needs. */
export function rotaryPositions(model: WasmModel, count: number): RotaryPositions {
  const { headDimension, ropeTheta } = model.config.text;
  const half = headDimension / 2;
  const cosines = new Float32Array(count * half);
  const sines = new Float32Array(count * half);
  for (let pair = 0; pair < half; pair++) {
    const frequency = ropeTheta ** (-pair / half);
    for (let position = 0; position < count; position++) {
      cosines[position * half + pair] = Math.cos(position * frequency);
      sines[position * half + pair] = Math.sin(position * frequency);
    }
  }
  return { cosines: model.kernels.place(cosines), sines: model.kernels.place(sines) };
}
