import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planMicroBatches } from "./micro-batch-plan.ts";

describe("planning micro-batches", () => {
  it("keeps groups whole while they fit", () => {
    const group = { promptLength: 10, responseLengths: [5, 5] };
    expect(planMicroBatches([group, group, group], 40)).toEqual([
      [
        { group: 0, responses: [0, 1] },
        { group: 1, responses: [0, 1] },
      ],
      [{ group: 2, responses: [0, 1] }],
    ]);
  });

  it("splits a group that alone is too large, and lets a single response exceed the limit", () => {
    expect(planMicroBatches([{ promptLength: 10, responseLengths: [5, 5, 5] }], 20)).toEqual([
      [{ group: 0, responses: [0, 1] }],
      [{ group: 0, responses: [2] }],
    ]);
    expect(planMicroBatches([{ promptLength: 10, responseLengths: [50] }], 20)).toHaveLength(1);
  });

  it("holds every response exactly once, within the limit wherever that is possible", () => {
    const sizes = fc.record({
      promptLength: fc.integer({ min: 1, max: 50 }),
      responseLengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 500 }),
        (groups, limit) => {
          const batches = planMicroBatches(groups, limit);
          const seen = batches.flat().flatMap((part) => part.responses.map((response) => `${part.group}.${response}`));
          const expected = groups.flatMap((group, index) =>
            group.responseLengths.map((_, response) => `${index}.${response}`),
          );
          expect(seen).toEqual(expected);
          for (const batch of batches) {
            const lengths = batch.flatMap((part) =>
              part.responses.map((index) => groups[part.group]!.responseLengths[index]!),
            );
            const prompt = Math.max(...batch.map((part) => groups[part.group]!.promptLength));
            const samples = Math.max(...batch.map((part) => part.responses.length));
            const tokens = batch.length * (prompt + samples * Math.max(...lengths));
            expect(tokens <= limit || lengths.length === 1).toBe(true);
          }
        },
      ),
    );
  });
});
