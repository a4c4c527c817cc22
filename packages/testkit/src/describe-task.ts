import { createHash } from "node:crypto";
import { FoveaError, type Prompt, type Split, type Task, type TaskDefinition } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import { describeOptions } from "./describe-options.ts";
import { SUITE_TIMEOUT } from "./suite-timeout.ts";
import { validatedOptions } from "./validated-options.ts";

export interface TaskSuiteSettings {
  /** The task's options. Default `{}`. */
  readonly options?: unknown;
  /** Prompts of each split that are looked at, at most. Default 200. */
  readonly prompts?: number;
}

/** What every task must hold to: an order that its seed fixes, splits with nothing in common, prompts that are whole. */
export function describeTask<Options>(
  definition: TaskDefinition<Options>,
  { options = {}, prompts: looked = 200 }: TaskSuiteSettings = {},
): void {
  const create = async (seed: number) =>
    definition.create(await validatedOptions(definition.optionsSchema, options), { seed });
  const take = async (task: Task, split: Split) => {
    const count = Math.min(task.size(split), looked);
    const prompts: Prompt[] = [];
    for (let index = 0; index < count; index++) prompts.push(await task.prompt(split, index));
    return prompts;
  };

  describe(`the task ${definition.name}, ${JSON.stringify(options)}`, { timeout: SUITE_TIMEOUT }, () => {
    describeOptions(definition, options);

    it("has prompts in both splits", async () => {
      const task = await create(1);
      expect(task.size("train")).toBeGreaterThan(0);
      expect(task.size("held-out")).toBeGreaterThan(0);
    });

    it.each<Split>(["train", "held-out"])(
      "gives the same %s prompts for the same seed, in whatever order they are asked for",
      async (split) => {
        const straight = await take(await create(1), split);
        const task = await create(1);
        for (let index = straight.length - 1; index >= 0; index -= 7) {
          expect(await task.prompt(split, index)).toEqual(straight[index]);
        }
      },
    );

    it("has another train order for another seed, and the same held-out prompts", async () => {
      const [first, second] = [await create(1), await create(2)];
      expect(await take(second, "held-out")).toEqual(await take(first, "held-out"));
      if (first.size("train") < 2) return;
      const digests = async (task: Task) => (await take(task, "train")).map(digest);
      expect(await digests(second)).not.toEqual(await digests(first));
    });

    it("has nothing of the held-out split in the train split", async () => {
      const task = await create(1);
      const heldOut = await take(task, "held-out");
      const [ids, digests] = [new Set(heldOut.map(({ id }) => id)), new Set(heldOut.map(digest))];
      for (const prompt of await take(task, "train")) {
        expect(ids.has(prompt.id), prompt.id).toBe(false);
        expect(digests.has(digest(prompt)), prompt.id).toBe(false);
      }
    });

    it.each<Split>(["train", "held-out"])("has %s prompts that are whole", async (split) => {
      const prompts = await take(await create(1), split);
      expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
      for (const { id, messages, images, referenceAnswer } of prompts) {
        expect(id).not.toBe("");
        expect(referenceAnswer, id).toBeTypeOf("string");
        expect(messages.length, id).toBeGreaterThan(0);
        for (const { width, height, data } of images) {
          expect(width * height, id).toBeGreaterThan(0);
          expect(data.length, id).toBe(width * height * 3);
        }
        const placed = messages.flatMap(({ content }) =>
          content.flatMap((part) => (part.type === "image" ? part.index : [])),
        );
        expect(
          placed.toSorted((a, b) => a - b),
          id,
        ).toEqual(images.map((_, index) => index));
      }
    });

    it("wraps a finite train split around, the same prompts in another order", async () => {
      const task = await create(1);
      const size = task.size("train");
      if (size > looked) return;
      const epoch = async (start: number) => {
        const prompts: string[] = [];
        for (let index = 0; index < size; index++) prompts.push(digest(await task.prompt("train", start + index)));
        return prompts;
      };
      const [first, second] = [await epoch(0), await epoch(size)];
      expect(second.toSorted()).toEqual(first.toSorted());
      if (size > 8) expect(second).not.toEqual(first);
    });

    it("refuses a held-out prompt beyond its end", async () => {
      const task = await create(1);
      const size = task.size("held-out");
      if (Number.isFinite(size))
        await expect((async () => task.prompt("held-out", size))()).rejects.toThrow(FoveaError);
    });

    it("has a fingerprint of its data, the same for every seed", async () => {
      const fingerprint = await (await create(1)).fingerprint();
      expect(fingerprint).not.toBe("");
      expect(await (await create(2)).fingerprint()).toBe(fingerprint);
    });
  });
}

/** Of what a policy sees: the text and the images, not the id. */
function digest({ messages, images }: Prompt): string {
  const hash = createHash("sha256").update(JSON.stringify(messages));
  for (const { width, height, data } of images) hash.update(`${width}x${height}`).update(data);
  return hash.digest("hex");
}
