import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planMicroBatches } from "./micro-batch-plan.ts";

describe("planning micro-batches", () => {
  it("keeps groups whole while they fit", () => {
    const group = { promptLength: 10, responseLengths: [5, 5] };
    expect(planMicroBatches([group, group, group], { maximumTokens: 40, padded: true })).toEqual([
      [
        { group: 0, responses: [0, 1] },
        { group: 1, responses: [0, 1] },
      ],
      [{ group: 2, responses: [0, 1] }],
    ]);
  });

  it("splits a group that alone is too large, and lets a single response exceed the limit", () => {
    const limit = { maximumTokens: 20, padded: true };
    expect(planMicroBatches([{ promptLength: 10, responseLengths: [5, 5, 5] }], limit)).toEqual([
      [{ group: 0, responses: [0, 1] }],
      [{ group: 0, responses: [2] }],
    ]);
    expect(planMicroBatches([{ promptLength: 10, responseLengths: [50] }], limit)).toHaveLength(1);
  });

  it("counts padding where passes pad, and nowhere else", () => {
    const groups = [
      { promptLength: 10, responseLengths: [2, 8] },
      { promptLength: 4, responseLengths: [3, 3] },
    ];
    const batches = (maximumTokens: number, padded: boolean) =>
      planMicroBatches(groups, { maximumTokens, padded }).length;
    // Padded to prompts of 10 and responses of 8, they are 2 * (10 + 2 * 8); without padding, 20 + 10.
    expect([batches(52, true), batches(51, true)]).toEqual([1, 2]);
    expect([batches(30, false), batches(29, false)]).toEqual([1, 2]);
    // Split by responses, the first part of a group counts its prompt too.
    expect([batches(20, false), batches(19, false)]).toEqual([2, 3]);
  });

  it("holds every response exactly once, within the limit wherever that is possible", () => {
    const sizes = fc.record({
      promptLength: fc.integer({ min: 1, max: 50 }),
      responseLengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 8 }),
        fc.record({ maximumTokens: fc.integer({ min: 1, max: 500 }), padded: fc.boolean() }),
        (groups, limit) => {
          const batches = planMicroBatches(groups, limit);
          const seen = batches.flat().flatMap((part) => part.responses.map((response) => `${part.group}.${response}`));
          const expected = groups.flatMap((group, index) =>
            group.responseLengths.map((_, response) => `${index}.${response}`),
          );
          expect(seen).toEqual(expected);
          for (const batch of batches) {
            const prompts = batch.map((part) => groups[part.group]!.promptLength);
            const lengths = batch.flatMap((part) =>
              part.responses.map((index) => groups[part.group]!.responseLengths[index]!),
            );
            const samples = Math.max(...batch.map((part) => part.responses.length));
            const tokens = limit.padded
              ? batch.length * (Math.max(...prompts) + samples * Math.max(...lengths))
              : [...prompts, ...lengths].reduce((sum, length) => sum + length, 0);
            expect(tokens <= limit.maximumTokens || lengths.length === 1).toBe(true);
          }
        },
      ),
    );
  });
});
