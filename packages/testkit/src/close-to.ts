import { expect } from "vitest";

/** Equal up to float32 rounding of sums in another order: within 1e-5 plus 1e-4 of the expected value, each number by itself. */
export function expectClose(actual: unknown, expected: unknown, place = "value"): void {
  // One assertion for all the numbers: each costs far more than the comparison.
  expect(firstDifference(actual, expected, place)).toBeUndefined();
}

function firstDifference(actual: unknown, expected: unknown, place: string): string | undefined {
  if (typeof expected === "number") {
    const isClose = Math.abs((actual as number) - expected) <= 1e-5 + 1e-4 * Math.abs(expected);
    return isClose ? undefined : `${place} is ${String(actual)}, not ${expected}`;
  }
  if (typeof expected !== "object" || expected === null) {
    return Object.is(actual, expected) ? undefined : `${place} is ${String(actual)}, not ${String(expected)}`;
  }
  if (typeof actual !== "object" || actual === null) return `${place} is ${String(actual)}`;
  const keys = Object.keys(expected);
  if (String(Object.keys(actual)) !== String(keys)) return `${place} has ${Object.keys(actual)}, not ${keys}`;
  for (const key of keys) {
    const [left, right] = [actual, expected].map((value) => (value as Record<string, unknown>)[key]);
    const difference = firstDifference(left, right, `${place}.${key}`);
    if (difference) return difference;
  }
  return undefined;
}
