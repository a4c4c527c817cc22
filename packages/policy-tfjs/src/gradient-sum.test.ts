import { describe, expect, it } from "vitest";
import { GradientSum } from "./gradient-sum.ts";

function gradientSum() {
  let rooms = 0;
  const sum = new GradientSum(() => {
    rooms++;
    return new Float32Array(2);
  });
  const add = (...gradient: number[]): void => {
    const room = sum.room();
    room.set(gradient);
    sum.add(room);
  };
  return { sum, add, rooms: () => rooms };
}

describe("the sum of gradients", () => {
  it("starts anew once it is spent, and uses its rooms again", () => {
    const { sum, add, rooms } = gradientSum();
    for (let step = 0; step < 3; step++) {
      expect(sum.isEmpty).toBe(true);
      for (const gradient of [
        [1, 2],
        [10, 20],
        [100, 200],
      ])
        add(...gradient);
      expect(sum.isEmpty).toBe(false);
      expect(sum.spend((total) => [...total])).toEqual([111, 222]);
    }
    expect(rooms()).toBe(2);
  });

  it("is spent even if its use fails", () => {
    const { sum, add } = gradientSum();
    add(1, 2);
    expect(() =>
      sum.spend(() => {
        throw new Error("not finite");
      }),
    ).toThrow("not finite");
    expect(() => sum.spend(() => {})).toThrow("no gradient to step along");
  });
});
