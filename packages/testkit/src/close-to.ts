import { expect } from "vitest";

/** Equal up to float32 rounding of sums in another order: within 1e-5 plus 1e-4 of the expected value, each number by itself. */
export function expectClose(actual: unknown, expected: unknown, place = "value"): void {
  if (typeof expected === "number") {
    const difference = Math.abs((actual as number) - expected);
    expect(difference, `${place}: ${String(actual)} against ${expected}`).toBeLessThanOrEqual(
      1e-5 + 1e-4 * Math.abs(expected),
    );
    return;
  }
  const wanted = Object.entries(expected as object);
  expect(Object.keys(actual as object), place).toEqual(wanted.map(([key]) => key));
  for (const [key, value] of wanted) expectClose((actual as Record<string, unknown>)[key], value, `${place}.${key}`);
}
