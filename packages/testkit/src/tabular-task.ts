import { createHash } from "node:crypto";
import { defineTask, FoveaError, type Prompt, randomGenerator, type Split, type Task } from "@fovea-rl/core";
import { z } from "zod";

export const tabularTaskOptions = z.strictObject({
  /** Number of different prompts of the train split; 0 composes new ones without end. */
  trainPrompts: z.int().min(0).default(0),
  heldOutPrompts: z.int().min(1).default(64),
  /** Width and height of the images in pixels. */
  imageSize: z.int().min(2).default(8),
});

export type TabularTaskOptions = z.infer<typeof tabularTaskOptions>;

/** Says which quadrant of a noisy grey image is the brightest: "0" to "3", row by row. */
export class TabularTask implements Task {
  readonly name = "tabular";
  readonly #options: TabularTaskOptions;
  readonly #seed: number;

  constructor(options: TabularTaskOptions, seed: number) {
    this.#options = options;
    this.#seed = seed;
  }

  size(split: Split): number {
    if (split === "held-out") return this.#options.heldOutPrompts;
    return this.#options.trainPrompts || Number.POSITIVE_INFINITY;
  }

  prompt(split: Split, index: number): Prompt {
    const size = this.size(split);
    if (split === "held-out") {
      if (index >= size)
        throw new FoveaError(`the tabular task has ${size} held-out prompts; there is none at ${index}`);
      return this.#compose("held-out", index, 0);
    }
    if (!Number.isFinite(size)) return this.#compose("train", index, this.#seed);
    const epoch = Math.floor(index / size);
    const order = randomGenerator({ seed: this.#seed, purpose: "tabular-epoch", step: epoch }).permutation(size);
    return this.#compose("train", order[index % size]!, 0);
  }

  fingerprint(): string {
    return createHash("sha256")
      .update(JSON.stringify(["tabular", 1, this.#options]))
      .digest("hex");
  }

  #compose(split: Split, index: number, seed: number): Prompt {
    const random = randomGenerator({ seed, purpose: `tabular-${split}`, step: index });
    const { imageSize } = this.#options;
    const brightest = random.integer(4);
    const levels = Array.from({ length: 4 }, (_, quadrant) =>
      quadrant === brightest ? 200 : 20 + 80 * random.uniform(),
    );
    const data = new Uint8Array(imageSize * imageSize * 3);
    for (let row = 0; row < imageSize; row++) {
      for (let column = 0; column < imageSize; column++) {
        const quadrant = (row * 2 >= imageSize ? 2 : 0) + (column * 2 >= imageSize ? 1 : 0);
        const grey = Math.round(levels[quadrant]! + 40 * random.uniform());
        data.fill(grey, (row * imageSize + column) * 3, (row * imageSize + column) * 3 + 3);
      }
    }
    return {
      id: `${split}-${seed}-${index}`,
      messages: [
        {
          role: "user",
          content: [
            { type: "image", index: 0 },
            { type: "text", text: "Which quadrant is the brightest?" },
          ],
        },
      ],
      images: [{ width: imageSize, height: imageSize, data }],
      referenceAnswer: String(brightest),
      family: brightest < 2 ? "upper" : "lower",
    };
  }
}

export default defineTask({
  name: "tabular",
  optionsSchema: tabularTaskOptions,
  create: (options: TabularTaskOptions, { seed }) => new TabularTask(options, seed),
});
