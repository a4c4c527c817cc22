import { randomGenerator } from "@fovea-rl/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMilliseconds, pause } from "./backoff.ts";

describe("the wait before the next attempt", () => {
  it("doubles its bound from the first to the longest", () => {
    const bounds = [0, 1, 2, 3, 6, 7, 8, 40, 5000].map((attempt) => backoffMilliseconds(attempt, { random: () => 1 }));
    expect(bounds).toEqual([250, 500, 1000, 2000, 16_000, 20_000, 20_000, 20_000, 20_000]);
  });

  it("is drawn evenly from zero to its bound, so that clients that failed together come back apart", () => {
    const random = randomGenerator({ seed: 4, purpose: "jitter" });
    const waits = Array.from({ length: 4000 }, () =>
      backoffMilliseconds(2, { firstMilliseconds: 100, random: () => random.uniform() }),
    );
    const bins = [0, 1, 2, 3].map((bin) => waits.filter((wait) => Math.floor(wait / 100) === bin).length);
    // 1000 each; five standard deviations are 137.
    for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });

  it("never leaves its bounds", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 1, max: 1e4, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, firstMilliseconds, longestMilliseconds, draw) => {
          const wait = backoffMilliseconds(attempt, { firstMilliseconds, longestMilliseconds, random: () => draw });
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(longestMilliseconds);
        },
      ),
    );
  });
});

describe("a pause", () => {
  it("ends with the signal's reason as soon as it is aborted, before or meanwhile", async () => {
    const reason = new Error("enough");
    await expect(pause(1e8, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const paused = pause(1e8, controller.signal);
    controller.abort(reason);
    await expect(paused).rejects.toBe(reason);
  });

  it("ends by itself otherwise", async () => {
    await expect(pause(1, new AbortController().signal)).resolves.toBeUndefined();
  });
});
