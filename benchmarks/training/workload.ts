import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Prompt, randomGenerator } from "@fovea-rl/core";
import { checkpointDirectory } from "@fovea-rl/digits-base-policy";
import digits from "@fovea-rl/tasks/digits";
import { imageSize, type ModelSize, modelPlan, VOCABULARY_SIZE } from "./model-plans.ts";
import { vocabularyWord, writeModel } from "./write-model.ts";

/** What is measured: a model, and how many prompts, rollouts and tokens one update has. */
export interface WorkloadPlan {
  readonly model: "digits" | ModelSize;
  /** Image tokens of a prompt: those of one image up to 256, of two beyond. Ignored for `digits`, which has 4. */
  readonly imageTokens: number;
  readonly prompts: number;
  readonly groupSize: number;
  /** Tokens of each response that is scored or trained on, and the most that are sampled. */
  readonly responseLength: number;
}

/** The file that both sides read. Images are base64 of 8-bit RGB. */
export interface Workload {
  readonly name: string;
  readonly modelDirectory: string;
  readonly groupSize: number;
  readonly responseLength: number;
  readonly prompts: readonly {
    readonly id: string;
    readonly question: string;
    readonly images: readonly { readonly width: number; readonly height: number; readonly data: string }[];
  }[];
  /** `[prompts][groupSize][responseLength]` token ids to score and to train on. */
  readonly responses: readonly (readonly (readonly number[])[])[];
  /** `[prompts][groupSize]` */
  readonly rewards: readonly (readonly number[])[];
}

export function workloadName({ model, imageTokens, prompts, groupSize, responseLength }: WorkloadPlan): string {
  return model === "digits"
    ? `digits-${prompts}x${groupSize}`
    : `${model}-image${imageTokens}-${prompts}x${groupSize}-response${responseLength}`;
}

async function digitsPrompts(count: number): Promise<readonly Prompt[]> {
  const options = await digits.optionsSchema["~standard"].validate({});
  if (options.issues !== undefined) throw new Error("the digits task refuses its own defaults");
  const task = await digits.create(options.value, { seed: 1 });
  return Promise.all(Array.from({ length: count }, (_, index) => task.prompt("train", index)));
}

function randomPrompts(plan: WorkloadPlan, side: number, images: number): readonly Prompt[] {
  const random = randomGenerator({ seed: 1, purpose: "benchmark prompts" });
  return Array.from({ length: plan.prompts }, (_, index): Prompt => {
    const words = Array.from({ length: 8 }, () => ` ${vocabularyWord(random.integer(4000))}`).join("");
    return {
      id: `prompt-${index}`,
      messages: [
        {
          role: "user",
          content: [
            ...Array.from({ length: images }, (_, image) => ({ type: "image", index: image }) as const),
            { type: "text", text: words },
          ],
        },
      ],
      images: Array.from({ length: images }, () => ({
        width: side,
        height: side,
        data: Uint8Array.from({ length: 3 * side * side }, () => random.integer(256)),
      })),
      referenceAnswer: "",
    };
  });
}

function questionOf(prompt: Prompt): string {
  return prompt.messages
    .flatMap(({ content }) => content)
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("");
}

/** Makes the model and the file. @returns the file's path. */
export async function writeWorkload(plan: WorkloadPlan, workDirectory: string): Promise<string> {
  const imagesPerPrompt = plan.imageTokens > 256 ? 2 : 1;
  const isDigits = plan.model === "digits";
  const model = isDigits ? undefined : modelPlan(plan.model, plan.imageTokens / imagesPerPrompt);
  const modelDirectory =
    model === undefined ? checkpointDirectory : await writeModel(model, join(workDirectory, "models"));
  const prompts =
    model === undefined ? await digitsPrompts(plan.prompts) : randomPrompts(plan, imageSize(model), imagesPerPrompt);
  const random = randomGenerator({ seed: 1, purpose: "benchmark responses" });
  const vocabulary = isDigits ? 53 : VOCABULARY_SIZE;
  const rows = <T>(make: () => T) => prompts.map(() => Array.from({ length: plan.groupSize }, make));
  const workload: Workload = {
    name: workloadName(plan),
    modelDirectory,
    groupSize: plan.groupSize,
    responseLength: plan.responseLength,
    prompts: prompts.map((prompt) => ({
      id: prompt.id,
      question: questionOf(prompt),
      images: prompt.images.map(({ width, height, data }) => ({
        width,
        height,
        data: Buffer.from(data).toString("base64"),
      })),
    })),
    // Ordinary tokens only: ids from 9 are words and the format's tags.
    responses: rows(() => Array.from({ length: plan.responseLength }, () => 9 + random.integer(vocabulary - 9))),
    rewards: rows(() => random.integer(2)),
  };
  const directory = join(workDirectory, "workloads");
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${workload.name}.json`);
  await writeFile(file, JSON.stringify(workload));
  return file;
}
