import { join } from "node:path";
import { defineRecorder } from "@fovea-rl/core";
import { z } from "zod";
import { writeRollouts } from "./write-rollouts.ts";

const options = z.strictObject({
  /** Record every so many updates, and the first and the last. */
  everyUpdates: z.int().min(1).default(10),
  /** The first so many groups of the update, all rollouts of each. */
  prompts: z.int().min(1).default(4),
});

/** rollouts/step-N.jsonl: what was sampled, token by token, with its credit. */
export default defineRecorder({
  name: "rollouts",
  optionsSchema: options,
  create({ everyUpdates, prompts }: z.output<typeof options>, { runDirectory, updates, tokenTexts }) {
    return {
      name: "rollouts",
      recordStep() {},
      async recordRollouts(step, groups) {
        if (step !== 1 && step !== updates && step % everyUpdates !== 0) return;
        await writeRollouts(join(runDirectory, "rollouts"), `step-${step}`, step, groups.slice(0, prompts), tokenTexts);
      },
    };
  },
});
