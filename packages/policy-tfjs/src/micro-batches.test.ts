import { describe, expect, it } from "vitest";
import { createMicroBatches } from "./micro-batches.ts";

describe("micro-batches", () => {
  it("say in which row of its pass each response is: sample g of the b-th of B prompts is row g * B + b", () => {
    const tokens = (length: number) => new Int32Array(length);
    const request = (...lengths: number[]) => ({
      prompt: { id: "", messages: [], images: [], referenceAnswer: "" },
      responses: lengths.map(tokens),
    });
    const requests = [request(1, 2, 3), request(4), request(50, 60)];
    const prompts = requests.map(() => ({ tokens: tokens(10), pixelValues: [] }));
    const batches = createMicroBatches(requests, prompts, 70, 1);
    expect(batches.map(({ rows }) => rows.map(({ group, response, row }) => [group, response, row]))).toEqual([
      [
        [0, 0, 0],
        [0, 1, 2],
        [0, 2, 4],
        [1, 0, 1],
      ],
      [[2, 0, 0]],
      [[2, 1, 0]],
    ]);
    expect(batches.map(({ pass }) => pass.responses.map((group) => group.map(({ length }) => length)))).toEqual([
      [[1, 2, 3], [4]],
      [[50]],
      [[60]],
    ]);
  });
});
