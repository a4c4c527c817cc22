import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseRollout } from "@fovea-rl/run-records";
import { expect, it } from "vitest";
import { tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import type { ConfigurationInput } from "../configuration/configuration.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { writeJson } from "../run-directory/write-file-atomically.ts";
import { train } from "./train.ts";

async function recordedRollouts(algorithm: ConfigurationInput["algorithm"]) {
  const directory = await temporaryDirectory();
  const file = join(directory, "config.json");
  await writeJson(file, { ...tabularInput(directory, { algorithm }), recorders: ["rollouts"] });
  const run = await train(await loadConfiguration(file));
  const text = await readFile(join(run.directory, "rollouts", "step-1.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => parseRollout(line)!);
}

it("records rewards before and after shaping where the algorithm shapes them, and one reward where it does not", async () => {
  const shaped = await recordedRollouts({
    use: "dapo",
    options: { dynamicSampling: false, overlong: { maximumLength: 4, bufferLength: 4 } },
  });
  expect(shaped.every(({ unshapedReward }) => unshapedReward !== undefined)).toBe(true);
  expect(shaped.some(({ reward, unshapedReward }) => reward < unshapedReward!)).toBe(true);
  const plain = await recordedRollouts("grpo");
  expect(plain.every(({ unshapedReward }) => unshapedReward === undefined)).toBe(true);
});
