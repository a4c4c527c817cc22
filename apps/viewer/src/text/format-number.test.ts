import { expect, it } from "vitest";
import { formatDuration } from "./format-number.ts";

it.each([
  [0.04, "0.0 s"],
  [59.94, "59.9 s"],
  [59.96, "1 min 0 s"],
  [119.7, "2 min 0 s"],
  [3599.6, "1 h 0 min"],
  [7170, "2 h 0 min"],
  [undefined, "–"],
])("a duration of %s seconds is written %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
