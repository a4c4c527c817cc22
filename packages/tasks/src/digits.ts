import { defineTask } from "@fovea-rl/core";
import { type DigitsOptions, digitsOptionsSchema } from "./digits/digits-options.ts";
import { digitsTask } from "./digits/digits-task.ts";
import { readHandwrittenDigits } from "./digits/handwritten-digits.ts";

/** Questions about images of real handwritten digits: `task: { use: "@fovea-rl/tasks/digits" }`. */
export default defineTask<DigitsOptions>({
  name: "digits",
  optionsSchema: digitsOptionsSchema,
  create: (options, { seed }) => digitsTask(options, seed, readHandwrittenDigits()),
});
