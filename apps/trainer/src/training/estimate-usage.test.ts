import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tabularConfiguration, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { describeEstimate } from "./describe-usage.ts";
import { evaluationPromptsAhead } from "./estimate-usage.ts";
import { train } from "./train.ts";

function written(...path: string[]) {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

describe("through a server", () => {
  it("is told and written down before the first update, and is what the run then uses", async () => {
    const directory = await temporaryDirectory();
    const server = await startTinkerServer({
      ...SERVER_DEFAULTS,
      port: 0,
      baseDirectory: import.meta.dirname,
      directory: join(directory, "served"),
    });
    try {
      const prices = { prefilled: 1, sampled: 2, scored: 3, trained: 4 };
      const configuration = tabularConfiguration(directory, {
        // GRPO's KL asks the reference policy once; the loss has no built-in form.
        algorithm: "grpo",
        policy: { use: "tinker", options: { server: { url: server.url }, prices } },
        task: "digits",
        // Responses of one token: as long as they may be.
        sampling: { maximumTokens: 1 },
        training: { updates: 1, promptsPerUpdate: 4, rolloutsPerPrompt: 2, learningRate: { peak: 1e-5 } },
        evaluation: { prompts: 0 },
      });
      const notices: string[] = [];
      const result = await train(configuration, { onNotice: (notice) => notices.push(notice) });
      const { estimatedUsage } = written(result.directory, "manifest.json");
      expect(notices[0]).toMatch(
        /^estimate for 1 updates with responses of 1 tokens, the longest allowed: tokens-prefilled \S+, tokens-sampled 8, .*cost/,
      );
      expect(estimatedUsage.most).toEqual(estimatedUsage.expected);
      expect(estimatedUsage.expected["tokens-scored"]).toBeGreaterThan(0);
      const [line] = readFileSync(join(result.directory, "metrics.jsonl"), "utf8").trim().split("\n");
      const { metrics } = JSON.parse(line!);
      for (const [name, amount] of Object.entries(estimatedUsage.expected)) {
        expect(result.status.usage![name], name).toBeCloseTo(amount as number, 6);
        expect(metrics[`engine/${name}`], name).toBeCloseTo(amount as number, 6);
      }
    } finally {
      await server.close();
    }
  });
});

it("is not made for an engine whose work costs nothing but time", async () => {
  const directory = await temporaryDirectory();
  const result = await train(
    tabularConfiguration(directory, {
      training: { updates: 1, promptsPerUpdate: 2, rolloutsPerPrompt: 4, learningRate: { peak: 0.05 } },
      evaluation: { prompts: 0 },
    }),
  );
  expect(written(result.directory, "manifest.json").estimatedUsage).toBeUndefined();
  expect(result.status.usage).toBeUndefined();
});

it("counts the evaluations that the loop will make, from any step", () => {
  const few = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      few,
      few,
      fc.integer({ min: 0, max: 12 }),
      (updates, prompts, every, at) => {
        const step = Math.min(at, updates);
        const { configuration } = tabularConfiguration("/", {
          training: { updates, learningRate: { peak: 1 } },
          evaluation: { prompts, everyUpdates: every, progressPrompts: 5 },
        });
        // As the loop has it, step by step.
        let expected = step === 0 ? prompts : 0;
        for (let next = step + 1; next <= updates; next++) {
          if (next === updates) expected += prompts;
          else if (every > 0 && next % every === 0) expected += 5;
        }
        expect(evaluationPromptsAhead(configuration, step)).toBe(expected);
      },
    ),
  );
});

it("says what a filter may add", () => {
  const { configuration } = tabularConfiguration("/");
  const estimate = {
    expected: { "tokens-sampled": 1_230_000, "tokens-trained": 4000 },
    most: { "tokens-sampled": 24_600_000, "tokens-trained": 4000 },
  };
  expect(describeEstimate(estimate, configuration, 2)).toBe(
    "estimate for 4 updates with responses of 8 tokens, the longest allowed: tokens-sampled 1.23M, tokens-trained 4K; " +
      "up to tokens-sampled 24.6M if the algorithm's filter refuses all it may",
  );
});
