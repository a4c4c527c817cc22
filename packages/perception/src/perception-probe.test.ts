import type { Image, Prompt, Rollout, RolloutGroup, ScoreOptions, ScoreRequest, Scorer } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import { perceptionOptionsSchema, perceptionRequirements } from "./perception-options.ts";
import { PerceptionProbe } from "./perception-probe.ts";

const image: Image = { width: 28, height: 28, data: new Uint8Array(28 * 28 * 3).fill(250) };

function group(id: string, lengths: readonly number[], images: readonly Image[] = [image]): RolloutGroup<Rollout> {
  const prompt: Prompt = { id, messages: [], images, referenceAnswer: "" };
  const rollouts = lengths.map(
    (length, sampleIndex): Rollout => ({
      promptId: id,
      sampleIndex,
      tokens: Int32Array.from({ length }, (_, token) => token + 10 * sampleIndex),
      behaviourLogprobs: new Float32Array(length).fill(-1),
      text: "",
      finishReason: "stop",
    }),
  );
  return { prompt, rollouts };
}

/** Log-probabilities say how bright the first image is and which token was scored. */
class BrightnessScorer implements Scorer {
  readonly calls: { requests: readonly ScoreRequest[]; options: ScoreOptions | undefined }[] = [];

  async score(requests: readonly ScoreRequest[], options?: ScoreOptions) {
    this.calls.push({ requests, options });
    return requests.map(({ prompt, responses }) => {
      const { data } = prompt.images[0]!;
      const brightness = data.reduce((sum, value) => sum + value, 0) / (255 * data.length);
      return responses.map((tokens) => ({
        logprobs: Float32Array.from(tokens, (token) => -1 - brightness - token / 100),
        ...(options?.distributions ? { distributions: Float32Array.from(tokens).map(() => Math.log(0.5)) } : {}),
      }));
    });
  }
}

async function measure(options: unknown, groups: readonly RolloutGroup<Rollout>[], step = 0) {
  const scorer = new BrightnessScorer();
  const probe = new PerceptionProbe(scorer, perceptionOptionsSchema.parse(options));
  return { scorer, results: await probe.measure(groups, { seed: 7, step }) };
}

describe("PerceptionProbe", () => {
  it.each(["rollout", "prompt"])(
    "draws the perturbed images again as they were scored, one for each %s",
    async (sharing) => {
      const { scorer, results } = await measure({ sharing }, [group("a", [2, 3])]);
      const scored = scorer.calls[0]!.requests.map(({ prompt }) => prompt.images);
      const drawn = results[0]!.map(({ perturbedImages }) => perturbedImages());
      expect(drawn).toEqual(sharing === "prompt" ? [scored[0], scored[0]] : scored);
      expect(drawn[0]).not.toEqual([image]);
    },
  );

  it("scores the same tokens behind the perturbed image, and leaves prompts without images out", async () => {
    const groups = [group("a", [2, 3]), group("text", [2], []), group("b", [1, 1])];
    const { scorer, results } = await measure({ perturbation: { kind: "grey", intensity: 0 } }, groups);
    expect(results[1]).toBeUndefined();
    expect(scorer.calls).toHaveLength(1);
    expect(scorer.calls[0]!.requests.map(({ prompt }) => prompt.id)).toEqual(["a", "a", "b", "b"]);
    for (const [index, name] of [
      [0, "a"],
      [2, "b"],
    ] as const) {
      results[index]!.forEach(({ perturbedLogprobs, dependency }, sample) => {
        const { tokens } = groups[index]!.rollouts[sample]!;
        expect(perturbedLogprobs, name).toEqual(Float32Array.from(tokens, (token) => -1 - token / 100));
        // d = -token / 100 against the behaviour policy's -1.
        tokens.forEach((token, place) => {
          expect(dependency[place]).toBeCloseTo(Math.expm1(-token / 100) + token / 100, 6);
        });
      });
    }
  });

  it("draws a fresh image for each rollout, or one for all of a prompt in one request", async () => {
    const perturbation = { kind: "gaussian-noise", standardDeviation: 20 };
    const fresh = await measure({ perturbation }, [group("a", [2, 2])]);
    const [first, second] = fresh.scorer.calls[0]!.requests;
    expect(first!.prompt.images).not.toEqual(second!.prompt.images);
    const shared = await measure({ perturbation, sharing: "prompt" }, [group("a", [2, 2])]);
    expect(shared.scorer.calls[0]!.requests).toHaveLength(1);
    expect(shared.scorer.calls[0]!.requests[0]!.responses).toHaveLength(2);
  });

  it("draws from seed, step, prompt and sample alone, whatever else is in the batch", async () => {
    const alone = await measure({}, [group("b", [2, 2])]);
    const among = await measure({}, [group("a", [1]), group("b", [2, 2]), group("c", [3])]);
    const drawn = (index: number, { results }: typeof alone) =>
      results[index]!.map((perception) => ({ ...perception, perturbedImages: perception.perturbedImages() }));
    expect(drawn(1, among)).toEqual(drawn(0, alone));
    const later = await measure({}, [group("b", [2, 2])], 1);
    expect(later.scorer.calls[0]!.requests).not.toEqual(alone.scorer.calls[0]!.requests);
  });

  it("asks for distributions behind both images where the estimator needs them", async () => {
    const { scorer, results } = await measure({ estimator: "kl" }, [group("a", [2, 3]), group("b", [1])]);
    expect(scorer.calls.every(({ options }) => options?.distributions === true)).toBe(true);
    expect(results.map((rollouts) => rollouts!.map(({ dependency }) => dependency.length))).toEqual([[2, 3], [1]]);
    expect(perceptionRequirements(perceptionOptionsSchema.parse({ estimator: "kl" }))).toContain("distributions");
    expect(perceptionRequirements(perceptionOptionsSchema.parse({}))).toEqual(["images"]);
  });

  it("does not hold the perturbed images of a large batch at once", async () => {
    const large: Image = { width: 2000, height: 2000, data: new Uint8Array(12_000_000) };
    const groups = ["a", "b", "c", "d"].map((id) => group(id, [1, 1, 1], [large]));
    const { scorer, results } = await measure({ perturbation: "grey" }, groups);
    expect(scorer.calls.map(({ requests }) => requests.length)).toEqual([6, 6]);
    expect(results.map((rollouts) => rollouts!.length)).toEqual([3, 3, 3, 3]);
  });

  it("refuses scores of the wrong length", async () => {
    const broken: Scorer = { score: async () => [[{ logprobs: new Float32Array(1) }]] };
    const probe = new PerceptionProbe(broken, perceptionOptionsSchema.parse({}));
    await expect(probe.measure([group("a", [2])], { seed: 0, step: 0 })).rejects.toThrow(
      'the policy scored 1 tokens of rollout 0 of prompt "a", which has 2',
    );
  });
});
