import { createHash } from "node:crypto";
import { FoveaError, type Image, type Prompt, randomGenerator, type Split, type Task } from "@fovea-rl/core";
import type { DigitsOptions } from "./digits-options.ts";
import type { DigitSet, HandwrittenDigits } from "./handwritten-digits.ts";
import { paintScene } from "./paint-scene.ts";
import { drawQuestion, type Question } from "./question.ts";
import { drawScene, type Scene } from "./scene.ts";

/** Raised when the same options and seed give other prompts than before; part of the fingerprint. */
const COMPOSITION_VERSION = 1;

/** One example with everything known about it: what a prompt shows and asks, before it becomes a prompt. */
export interface DigitsExample {
  readonly scene: Scene;
  readonly question: Question;
  readonly image: Image;
}

/** What names a random example: the run's seed, what it is for, and its place. */
export interface ExampleKey {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/**
 * Composes the example of a key: the same key gives the same example, whatever was composed before.
 *
 * @param pool indices of the scans that may appear; all of `digits` if left out.
 */
export function composeExample(
  options: DigitsOptions,
  digits: DigitSet,
  { seed, purpose, index }: ExampleKey,
  pool?: readonly number[],
): DigitsExample {
  const random = randomGenerator({ seed, purpose: `digits/${purpose}`, step: index });
  const scene = drawScene(options.level, digits, options, random, pool);
  const question = drawQuestion(scene, options.families, random);
  return { scene, question, image: paintScene(scene, digits, options.level, options.imageSize, options.digitScale) };
}

/** The prompt that shows an example's image and asks its question. */
export function digitsPrompt(id: string, { question, image }: DigitsExample, instruction?: string): Prompt {
  const text = instruction === undefined ? question.text : `${question.text}\n\n${instruction}`;
  return {
    id,
    messages: [
      {
        role: "user",
        content: [
          { type: "image", index: 0 },
          { type: "text", text },
        ],
      },
    ],
    images: [image],
    referenceAnswer: String(question.answer),
    family: question.family,
  };
}

/**
 * Questions about composites of handwritten digits. Train prompts are composed on demand from MNIST's training digits and the
 * run's seed; held-out prompts from its test digits alone, the same for every run.
 */
export function digitsTask(
  options: DigitsOptions,
  seed: number,
  { train, test, fingerprint }: HandwrittenDigits,
): Task {
  function prompt(split: Split, index: number): Prompt {
    const isHeldOut = split === "held-out";
    if (!Number.isSafeInteger(index) || index < 0 || (isHeldOut && index >= options.heldOutSize)) {
      throw new FoveaError(`the digits task has no ${split} prompt ${index}; its size is ${size(split)}`);
    }
    const key = { seed: isHeldOut ? 0 : seed, purpose: split, index };
    const example = composeExample(options, isHeldOut ? test : train, key);
    const id = isHeldOut
      ? `digits/${options.level}/held-out/${index}`
      : `digits/${options.level}/train/${seed}/${index}`;
    return digitsPrompt(id, example, options.instruction);
  }

  function size(split: Split): number {
    return split === "held-out" ? options.heldOutSize : Number.POSITIVE_INFINITY;
  }

  return {
    name: `digits (${options.level})`,
    size,
    prompt,
    fingerprint: () =>
      createHash("sha256")
        .update(JSON.stringify([COMPOSITION_VERSION, fingerprint, options]))
        .digest("hex"),
  };
}
