import { resolve } from "node:path";
import { defineTask } from "@fovea-rl/core";
import { type ImageQuestionsOptions, imageQuestionsOptionsSchema } from "./image-questions/image-questions-options.ts";
import { imageQuestionsTask } from "./image-questions/image-questions-task.ts";
import { readQuestions } from "./image-questions/read-questions.ts";

/** Questions about images of one's own, from two JSONL files: `task: { use: "image-questions", options: { train, heldOut } }`. */
export default defineTask<ImageQuestionsOptions>({
  name: "image-questions",
  optionsSchema: imageQuestionsOptionsSchema,
  create(options, { seed, baseDirectory = process.cwd() }) {
    const read = (file: string) => readQuestions(resolve(baseDirectory, file), options, baseDirectory);
    return imageQuestionsTask(options, { train: read(options.train), heldOut: read(options.heldOut) }, seed);
  },
});
