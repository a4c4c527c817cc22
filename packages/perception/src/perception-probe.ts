import {
  FoveaError,
  type Image,
  type Perturbation,
  type Prompt,
  type Rollout,
  type RolloutGroup,
  randomGenerator,
  type ScoreRequest,
  type Scorer,
  type TokenScores,
  withImages,
} from "@fovea-rl/core";
import type { PerceptionOptions } from "./perception-options.ts";
import { createPerturbation } from "./perturbation-options.ts";
import { distributionDependency, k3Dependency } from "./visual-dependency.ts";

/** One rollout of T tokens, seen through a perturbed image. */
export interface RolloutPerception {
  /** `[T]` visual dependency. */
  readonly dependency: Float64Array;
  /** `[T]` log-probabilities of the rollout's tokens behind the perturbed image. */
  readonly perturbedLogprobs: Float32Array;
  /** The images it was seen through, drawn again, since keeping those of a whole update would cost gigabytes. */
  readonly perturbedImages: () => readonly Image[];
}

type Measured = Omit<RolloutPerception, "perturbedImages">;

/** What perturbations are drawn from, besides the prompt's id and the sample index. */
export interface PerceptionDraw {
  readonly seed: number;
  readonly step: number;
}

/** Perturbed images of more than this are not held at once: a group more, at most. */
const LARGEST_BATCH_BYTES = 64 * 2 ** 20;

/** Scores the tokens of rollouts once more behind a perturbed image: the extra forward pass of VPPO and PAPO. */
export class PerceptionProbe {
  readonly #scorer: Scorer;
  readonly #options: PerceptionOptions;
  readonly #perturbation: Perturbation;

  constructor(scorer: Scorer, options: PerceptionOptions) {
    this.#scorer = scorer;
    this.#options = options;
    this.#perturbation = createPerturbation(options.perturbation);
  }

  /**
   * Measures under the policy that sampled the rollouts: call it before any update with them. No gradient flows.
   *
   * @returns `[groups][rollouts]`; undefined for a group whose prompt has no image: it takes no part.
   */
  async measure(
    groups: readonly RolloutGroup<Rollout>[],
    draw: PerceptionDraw,
  ): Promise<readonly (readonly RolloutPerception[] | undefined)[]> {
    const results: (readonly RolloutPerception[] | undefined)[] = groups.map(() => undefined);
    let pending: { index: number; group: RolloutGroup<Rollout>; requests: readonly ScoreRequest[] }[] = [];
    let bytes = 0;
    const flush = async () => {
      const scores = await this.#scoreBatch(pending.map(({ group, requests }) => ({ group, requests })));
      for (const [position, { index, group }] of pending.entries()) {
        results[index] = scores[position]!.map((measured, rollout) => ({
          ...measured,
          perturbedImages: () => this.#perturb(group.prompt, draw, group.rollouts[rollout]!.sampleIndex),
        }));
      }
      pending = [];
      bytes = 0;
    };
    for (const [index, group] of groups.entries()) {
      if (group.prompt.images.length === 0) continue;
      const requests = this.#requests(group, draw);
      pending.push({ index, group, requests });
      for (const { prompt } of requests) for (const { data } of prompt.images) bytes += data.length;
      // Distributions of a whole vocabulary are far larger than images: one group at a time.
      if (bytes > LARGEST_BATCH_BYTES || this.#options.estimator !== "k3") await flush();
    }
    if (pending.length > 0) await flush();
    return results;
  }

  #requests(group: RolloutGroup<Rollout>, draw: PerceptionDraw): readonly ScoreRequest[] {
    const { prompt, rollouts } = group;
    const perturbed = (sampleIndex: number) => withImages(prompt, this.#perturb(prompt, draw, sampleIndex));
    if (this.#options.sharing === "prompt") {
      return [{ prompt: perturbed(0), responses: rollouts.map(({ tokens }) => tokens) }];
    }
    return rollouts.map(({ tokens, sampleIndex }) => ({ prompt: perturbed(sampleIndex), responses: [tokens] }));
  }

  /** The same images for the same arguments; shared by a prompt's rollouts, they do not depend on the sample. */
  #perturb(prompt: Prompt, { seed, step }: PerceptionDraw, sampleIndex: number): readonly Image[] {
    const key = { seed, step, purpose: "perturb", promptId: prompt.id };
    const random = randomGenerator(this.#options.sharing === "prompt" ? key : { ...key, sampleIndex });
    return prompt.images.map((image) => this.#perturbation.perturb(image, random));
  }

  async #scoreBatch(
    batch: readonly { readonly group: RolloutGroup<Rollout>; readonly requests: readonly ScoreRequest[] }[],
  ): Promise<readonly (readonly Measured[])[]> {
    const { estimator } = this.#options;
    const requests = batch.flatMap((entry) => entry.requests);
    if (estimator === "k3") {
      const perturbed = regroup(batch, (await this.#scorer.score(requests)).flat());
      return batch.map(({ group }, index) =>
        group.rollouts.map(({ behaviourLogprobs }, rollout) => {
          const { logprobs } = perturbed[index]![rollout]!;
          return { dependency: k3Dependency(behaviourLogprobs, logprobs), perturbedLogprobs: logprobs };
        }),
      );
    }
    const originals = batch.map(
      ({ group: { prompt, rollouts } }): ScoreRequest => ({ prompt, responses: rollouts.map(({ tokens }) => tokens) }),
    );
    const original = regroup(batch, (await this.#scorer.score(originals, { distributions: true })).flat());
    const perturbed = regroup(batch, (await this.#scorer.score(requests, { distributions: true })).flat());
    return batch.map(({ group }, index) =>
      group.rollouts.map(({ tokens }, rollout) => {
        const seen = requireDistributions(original[index]![rollout]!);
        const blurred = requireDistributions(perturbed[index]![rollout]!);
        const dependency = distributionDependency(estimator, seen, blurred, seen.length / tokens.length);
        return { dependency, perturbedLogprobs: perturbed[index]![rollout]!.logprobs };
      }),
    );
  }
}

/** Cuts the scores of all rollouts of a batch into its groups. */
function regroup(
  batch: readonly { readonly group: RolloutGroup<Rollout> }[],
  scores: readonly TokenScores[],
): readonly (readonly TokenScores[])[] {
  let start = 0;
  return batch.map(({ group: { prompt, rollouts } }) => {
    const own = scores.slice(start, start + rollouts.length);
    start += rollouts.length;
    for (const [index, { tokens }] of rollouts.entries()) {
      const scored = own[index]?.logprobs.length ?? 0;
      if (scored !== tokens.length) {
        throw new FoveaError(
          `the policy scored ${scored} tokens of rollout ${index} of prompt "${prompt.id}", which has ${tokens.length}`,
        );
      }
    }
    return own;
  });
}

function requireDistributions({ distributions }: TokenScores): Float32Array {
  if (!distributions) throw new FoveaError("the policy was asked for whole distributions and gave none");
  return distributions;
}
