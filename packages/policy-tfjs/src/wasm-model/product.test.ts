import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compiledKernels } from "./compiled-kernels.ts";
import type { Address } from "./kernel-exports.ts";
import { ModelKernels, roundUpToSixteen } from "./model-kernels.ts";

/** Numbers that are no sums of a few powers of two, so that every rounding shows. */
function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(seed + 1.7 * index) + 1e-3 * Math.cos(index));
}

interface Sizes {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly hasBias: boolean;
  readonly accumulate: boolean;
}

const sizes: fc.Arbitrary<Sizes> = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  inputs: fc.integer({ min: 1, max: 70 }),
  outputs: fc.integer({ min: 1, max: 50 }),
  hasBias: fc.boolean(),
  accumulate: fc.boolean(),
});

/** C = A · B + bias and Aᵀ · D, with tiles of one kind. */
function multiply(
  { rows, inputs, outputs, hasBias, accumulate }: Sizes,
  wide: boolean,
): readonly [Float32Array, Float32Array] {
  const kernels = new ModelKernels();
  const { run } = kernels;
  run.setWideTiles(Number(wide));
  const a = kernels.place(numbers(rows * inputs, 1));
  const b = kernels.place(numbers(inputs * outputs, 2));
  const panels = kernels.allocate(inputs * roundUpToSixteen(outputs));
  run.packPanels(b, panels, inputs, outputs, 0);
  const bias: Address = hasBias ? kernels.place(numbers(roundUpToSixteen(outputs), 3)) : 0;
  const c = kernels.place(numbers(rows * outputs, 4));
  run.product(a, panels, bias, c, rows, outputs, inputs, Number(accumulate));
  const slopes = kernels.place(numbers(rows * outputs, 5));
  const tiles = kernels.allocate(rows * roundUpToSixteen(inputs));
  const slopePanels = kernels.allocate(rows * roundUpToSixteen(outputs));
  const gradient = kernels.place(numbers(inputs * outputs, 6));
  run.packTiles(a, tiles, rows, inputs);
  run.packPanels(slopes, slopePanels, rows, outputs, 0);
  run.transposedProduct(tiles, slopePanels, gradient, rows, outputs, inputs);
  return [kernels.floats(c, rows * outputs).slice(), kernels.floats(gradient, inputs * outputs).slice()];
}

/** The same in float64. */
function reference({ rows, inputs, outputs, hasBias, accumulate }: Sizes): readonly [Float64Array, Float64Array] {
  const [a, b, slopes] = [numbers(rows * inputs, 1), numbers(inputs * outputs, 2), numbers(rows * outputs, 5)];
  const bias = numbers(outputs, 3);
  const before = numbers(rows * outputs, 4);
  const gradient = Float64Array.from(numbers(inputs * outputs, 6));
  const c = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      const place = row * outputs + output;
      c[place] = (hasBias ? bias[output]! : 0) + (accumulate ? before[place]! : 0);
      for (let input = 0; input < inputs; input++) {
        c[place] += a[row * inputs + input]! * b[input * outputs + output]!;
        gradient[input * outputs + output]! += a[row * inputs + input]! * slopes[place]!;
      }
    }
  }
  return [c, gradient];
}

describe("a product", () => {
  it("is the same, to the bit, in tiles of six rows and sixteen columns as in smaller ones", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        expect(multiply(size, true)).toEqual(multiply(size, false));
      }),
    );
  });

  it("is A · B with bias, and its gradient Aᵀ · D, on top of what is there, whatever overhangs a tile", () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), (size, wide) => {
        const expected = reference(size);
        multiply(size, wide).forEach((values, which) => {
          values.forEach((value, place) => {
            expect(Math.abs(value - expected[which]![place]!)).toBeLessThan(
              1e-6 * Math.max(size.inputs, size.rows) + 1e-6,
            );
          });
        });
      }),
    );
  });

  it("rounds once after a multiplication and an addition exactly where the kernels say so", () => {
    const kernels = new ModelKernels();
    // (1 + 2^-12)² - (1 + 2^-11) is 2^-24; with the product rounded to float32 it is 0.
    const [a, b, bias] = [1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)].map((value) =>
      kernels.place(new Float32Array(16).fill(value)),
    ) as [Address, Address, Address];
    const c = kernels.zeros(16);
    kernels.run.product(a, b, bias, c, 1, 1, 1, 0);
    expect(kernels.floats(c, 1)[0]).toBe(compiledKernels().fusesMultiplyAdd ? 2 ** -24 : 0);
  });
});
