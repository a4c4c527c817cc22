import { createHash } from "node:crypto";
import {
  FoveaError,
  type Message,
  type MessagePart,
  type Prompt,
  randomGenerator,
  type Split,
  type Task,
} from "@fovea-rl/core";
import { decodeImageFile } from "./decode-image-file.ts";
import type { ImageQuestionsOptions } from "./image-questions-options.ts";
import { IMAGE_MARK, type ImageQuestion } from "./read-questions.ts";

/** Which questions there are. */
export interface QuestionSplits {
  readonly train: readonly ImageQuestion[];
  readonly heldOut: readonly ImageQuestion[];
}

/** What makes two questions the same whatever they are called. */
function contentOf({ question, answer, images }: ImageQuestion): string {
  return JSON.stringify([question, answer, images]);
}

/** @throws FoveaError if an id stands for two questions, or something of the held-out split is in the train split. */
function checkApart({ train, heldOut }: QuestionSplits): void {
  const ids = new Set<string>();
  for (const { id } of [...train, ...heldOut]) {
    if (ids.has(id)) throw new FoveaError(`two questions have the id "${id}"; each needs its own`);
    ids.add(id);
  }
  const held = new Map(heldOut.map((question) => [contentOf(question), question.id]));
  for (const question of train) {
    const other = held.get(contentOf(question));
    if (other !== undefined) {
      throw new FoveaError(
        `the train question "${question.id}" is the held-out question "${other}": leave it out of one`,
      );
    }
  }
}

/** The question's text cut at its image places; images without a place stand before it. */
function partsOf({ question, images }: ImageQuestion, instruction: string | undefined): MessagePart[] {
  const pieces = question.split(IMAGE_MARK);
  const unplaced = images.length - (pieces.length - 1);
  const image = (index: number): MessagePart => ({ type: "image", index });
  const parts = Array.from({ length: unplaced }, (_, index) => image(index));
  pieces.forEach((piece, index) => {
    if (index > 0) parts.push(image(unplaced + index - 1));
    const isLast = index === pieces.length - 1;
    const text = isLast && instruction !== undefined ? `${piece}\n\n${instruction}` : piece;
    if (text !== "") parts.push({ type: "text", text });
  });
  return parts;
}

/** Questions about images of one's own. Train prompts come in an order of the run's seed, another one in each epoch. */
export function imageQuestionsTask(options: ImageQuestionsOptions, splits: QuestionSplits, seed: number): Task {
  checkApart(splits);
  const orders = new Map<number, Uint32Array | readonly number[]>();

  function orderOf(epoch: number): ArrayLike<number> {
    const known = orders.get(epoch);
    if (known !== undefined) return known;
    const random = randomGenerator({ seed, purpose: "image-questions/train", step: epoch });
    const order = Uint32Array.from(random.permutation(splits.train.length));
    // An update may reach over the end of an epoch; older ones are not asked for again.
    if (orders.size > 2) orders.delete(orders.keys().next().value!);
    orders.set(epoch, order);
    return order;
  }

  function questionAt(split: Split, index: number): ImageQuestion {
    const { train, heldOut } = splits;
    if (!Number.isSafeInteger(index) || index < 0 || (split === "held-out" && index >= heldOut.length)) {
      throw new FoveaError(`the task "image-questions" has no ${split} prompt ${index}`);
    }
    if (split === "held-out") return heldOut[index]!;
    return train[orderOf(Math.floor(index / train.length))[index % train.length]!]!;
  }

  return {
    name: "image-questions",
    size: (split) => (split === "train" ? splits.train.length : splits.heldOut.length),
    async prompt(split, index): Promise<Prompt> {
      const question = questionAt(split, index);
      const system: Message[] =
        options.system === undefined ? [] : [{ role: "system", content: [{ type: "text", text: options.system }] }];
      return {
        id: question.id,
        messages: [...system, { role: "user", content: partsOf(question, options.instruction) }],
        images: await Promise.all(question.images.map(decodeImageFile)),
        referenceAnswer: question.answer,
        ...(question.family === undefined ? {} : { family: question.family }),
        ...(question.options === undefined ? {} : { options: question.options }),
      };
    },
    fingerprint() {
      const { system, instruction } = options;
      const hash = createHash("sha256").update(JSON.stringify({ system, instruction }));
      // Images by their size: reading gigabytes at each start would cost more than it tells.
      for (const [split, questions] of Object.entries(splits)) {
        for (const { images: _, ...question } of questions) hash.update(JSON.stringify([split, question]));
      }
      return hash.digest("hex");
    },
  };
}
