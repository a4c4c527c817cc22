import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CreditedRollout, Image, RolloutGroup } from "@fovea-rl/core";
import { encode } from "fast-png";
import { writeError } from "../run-directory/write-error.ts";
import { writeFileAtomically } from "../run-directory/write-file-atomically.ts";
import { rolloutLine } from "./rollout-line.ts";

/** Writes an image as PNG under the hash of its content, once, and returns its path relative to `directory`. */
async function writeImage(directory: string, { width, height, data }: Image): Promise<string> {
  const hash = createHash("sha256").update(`${width}x${height}\n`).update(data).digest("hex").slice(0, 24);
  const name = `images/${hash}.png`;
  const path = join(directory, name);
  if (!existsSync(path)) await writeFileAtomically(path, encode({ width, height, data, channels: 3 }));
  return name;
}

/** Writes rollouts and their images as `<directory>/<name>.jsonl` and `<directory>/images/*.png`. */
export async function writeRollouts(
  directory: string,
  name: string,
  step: number,
  groups: readonly RolloutGroup<CreditedRollout>[],
  tokenTexts: (tokens: Int32Array) => readonly string[],
): Promise<void> {
  await mkdir(join(directory, "images"), { recursive: true }).catch((error) => {
    throw writeError(error, directory);
  });
  const lines: string[] = [];
  for (const { prompt, rollouts } of groups) {
    const images = await Promise.all(prompt.images.map((image) => writeImage(directory, image)));
    for (const rollout of rollouts) {
      const perturbed = rollout.credit.perturbedImages;
      const perturbedNames = perturbed && (await Promise.all(perturbed.map((image) => writeImage(directory, image))));
      lines.push(
        JSON.stringify(rolloutLine(step, prompt, rollout, tokenTexts(rollout.tokens), images, perturbedNames)),
      );
    }
  }
  await writeFileAtomically(join(directory, `${name}.jsonl`), `${lines.join("\n")}\n`);
}
