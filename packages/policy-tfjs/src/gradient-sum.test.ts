import { describe, expect, it } from "vitest";
import { GradientSum } from "./gradient-sum.ts";
import { Parameters } from "./parameters.ts";

/** A gradient of two numbers, which knows whether it was disposed of. */
class Pair extends Parameters {
  isDisposed = false;
  readonly #pair: Float32Array;

  constructor(...pair: number[]) {
    super([{ name: "pair", shape: [2], arrangement: "rows", sources: [] }]);
    this.#pair = Float32Array.from(pair);
  }

  async values(): Promise<Float32Array> {
    return this.#pair.slice();
  }

  async add(other: this): Promise<void> {
    other.#pair.forEach((value, index) => {
      this.#pair[index]! += value;
    });
  }

  dispose(): void {
    this.isDisposed = true;
  }

  copy = (): never => this.#unused();
  zeros = (): never => this.#unused();
  squares = (): never => this.#unused();
  step = (): never => this.#unused();
  #unused(): never {
    throw new Error("nobody asks a sum for this");
  }
}

describe("the sum of gradients", () => {
  it("starts anew once it is spent, and frees what was added", async () => {
    const sum = new GradientSum();
    for (let step = 0; step < 3; step++) {
      expect(sum.isEmpty).toBe(true);
      const gradients = [new Pair(1, 2), new Pair(10, 20), new Pair(100, 200)];
      for (const gradient of gradients) await sum.add(gradient);
      expect(sum.isEmpty).toBe(false);
      expect(await sum.spend((total) => total.values("pair"))).toEqual(Float32Array.of(111, 222));
      expect(gradients.every(({ isDisposed }) => isDisposed)).toBe(true);
    }
  });

  it("takes another sum over, and adds it to its own", async () => {
    const [sum, other] = [new GradientSum(), new GradientSum()];
    await sum.take(other);
    expect(sum.isEmpty).toBe(true);
    for (const gradient of [new Pair(1, 2), new Pair(10, 20)]) {
      await other.add(gradient);
      await sum.take(other);
      expect(other.isEmpty).toBe(true);
    }
    expect(await sum.spend((total) => total.values("pair"))).toEqual(Float32Array.of(11, 22));
  });

  it("is spent even if its use fails", async () => {
    const sum = new GradientSum();
    const gradient = new Pair(1, 2);
    await sum.add(gradient);
    await expect(
      sum.spend(async () => {
        throw new Error("not finite");
      }),
    ).rejects.toThrow("not finite");
    expect(gradient.isDisposed).toBe(true);
    await expect(sum.spend(async () => {})).rejects.toThrow("no gradient to step along");
  });
});
