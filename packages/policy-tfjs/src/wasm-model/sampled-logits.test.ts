import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenLogits } from "../token-distribution.ts";
import { ModelKernels } from "./model-kernels.ts";
import { sampledLogits } from "./sampled-logits.ts";

function place(rows: readonly Float32Array[], temperatures: readonly number[]) {
  const kernels = new ModelKernels();
  const vocabulary = rows[0]!.length;
  const logits = kernels.place(Float32Array.from(rows.flatMap((row) => [...row])));
  return sampledLogits(kernels, logits, rows.length, vocabulary, temperatures);
}

describe("logits in the kernels' memory", () => {
  it("have the distributions that float64 gives, within 1e-6, at every temperature asked for", () => {
    const row = (length: number) =>
      fc.float32Array({ minLength: length, maxLength: length, min: -60, max: 60, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 21 }).chain((length) => fc.array(row(length), { minLength: 1, maxLength: 4 })),
        fc.constantFrom(0.3, 1, 2),
        (rows, temperature) => {
          const logitsOf = place(rows, [1, temperature]);
          rows.forEach((values, index) => {
            const expected = tokenLogits(values);
            const actual = logitsOf(index);
            expect(actual.best).toBe(expected.best);
            for (const at of [1, temperature]) {
              const { weights, total, weightedLogits } = actual.distribution(at);
              const reference = expected.distribution(at);
              weights.forEach((weight, token) => {
                expect(Math.abs(weight - reference.weights[token]!)).toBeLessThan(
                  1e-5 * reference.weights[token]! + 1e-30,
                );
              });
              expect(Math.abs(total / reference.total - 1)).toBeLessThan(1e-6);
              expect(Math.abs(weightedLogits - reference.weightedLogits)).toBeLessThan(1e-5 * reference.total);
            }
          });
        },
      ),
    );
  });

  it("that are not finite have no distribution that looks as if they were", () => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(place([Float32Array.of(1, broken, 0, 2, 3)], [1])(0).distribution(1).total).toBeNaN();
    }
  });
});
