import type { Loss } from "./loss.ts";
import type { Prompt } from "./prompt.ts";
import type { RandomKey } from "./random-generator.ts";
import type { CreditedRollout, Rollout, RolloutGroup } from "./rollout.ts";
import type { Usage, WorkAhead } from "./usage.ts";

/**
 * Something an engine may or may not be able to do. Asked before work starts: an algorithm or config that needs what the
 * engine lacks is refused at start.
 */
export type Capability =
  /** Prompts may hold images. */
  | "images"
  /** `accumulateGradients` takes any differentiable Loss. */
  | "custom-loss"
  /** `score` with `model: "reference"`, and `refreshReference`. */
  | "reference-policy"
  /** `score` with `entropies: true`, and `Rollout.entropies`. */
  | "entropies"
  /** `score` with `distributions: true`: log-probabilities of the whole vocabulary. */
  | "distributions"
  /** `step` honours `maximumGradientNorm`. */
  | "gradient-clipping";

export interface PolicyCapabilities {
  readonly supported: ReadonlySet<Capability>;
  /** Prompt and response tokens together, images counted as the tokens they become. */
  readonly maximumContext: number;
  /** Number of entries in a distribution row. */
  readonly vocabularySize: number;
}

/** An operation that may be ended early. */
export interface Cancellable {
  /**
   * When it is aborted the operation rejects as soon as the engine can stop; one that computes without a pause may finish first.
   * Whether a gradient or a step that was ended so took place is not known: only `load` goes on from there.
   */
  readonly signal?: AbortSignal | undefined;
}

/** How tokens are drawn. */
export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** Nucleus: the smallest set of tokens whose probability reaches this; 1 keeps all. */
  readonly topP: number;
  /** Only the k most probable tokens; 0 keeps all. */
  readonly topK: number;
  readonly maximumTokens: number;
}

export interface SampleRequest extends Cancellable {
  readonly prompts: readonly Prompt[];
  /** G, the rollouts drawn per prompt. */
  readonly samplesPerPrompt: number;
  readonly sampling: SamplingOptions;
  /** The draw of token t of sample s depends on this key, the prompt's id, s and t alone, whatever else is in the batch. */
  readonly randomKey: RandomKey;
}

/** Responses to score behind one prompt; engines compute the shared prefix once. */
export interface ScoreRequest {
  readonly prompt: Prompt;
  /** Each `[T]`. */
  readonly responses: readonly Int32Array[];
}

export interface ScoreOptions extends Cancellable {
  /** Default `current`. `reference` is the frozen policy of a KL penalty. */
  readonly model?: "current" | "reference";
  readonly entropies?: boolean;
  readonly distributions?: boolean;
}

/** Scores of one response of T tokens. */
export interface TokenScores {
  /** `[T]` natural log-probabilities at the training temperature. */
  readonly logprobs: Float32Array;
  /** `[T]` nats. */
  readonly entropies?: Float32Array;
  /** `[T, vocabularySize]`, row-major: natural log-probabilities of every token. */
  readonly distributions?: Float32Array;
}

/** The one verb that extra forward passes need: an Advantage injects this rather than the whole Policy. */
export interface Scorer {
  /** Returns one array per request, one entry per response. No gradient flows. */
  score(requests: readonly ScoreRequest[], options?: ScoreOptions): Promise<readonly (readonly TokenScores[])[]>;
}

export interface GradientRequest extends Cancellable {
  /** A whole optimiser mini-batch. How an engine splits it into micro-batches changes nothing but rounding. */
  readonly groups: readonly RolloutGroup<CreditedRollout>[];
  readonly loss: Loss;
}

export interface GradientReport {
  /** The mini-batch's loss. */
  readonly loss: number;
  /** What the Loss reported, summed over micro-batches. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface StepOptions extends Cancellable {
  readonly learningRate: number;
  /** Gradients are scaled down to this global L2 norm if they exceed it. */
  readonly maximumGradientNorm?: number;
}

export interface StepReport {
  /** Global L2 norm of the accumulated gradient before clipping; left out by a remote engine whose server does not tell it. */
  readonly gradientNorm?: number;
}

/** An engine: it samples, scores given tokens, accumulates gradients of a loss, steps, saves and loads. */
export interface Policy extends Scorer {
  readonly name: string;
  readonly capabilities: PolicyCapabilities;
  sample(request: SampleRequest): Promise<readonly RolloutGroup<Rollout>[]>;
  /** Adds the mini-batch's gradient to what is accumulated already. */
  accumulateGradients(request: GradientRequest): Promise<GradientReport>;
  /**
   * Applies the accumulated gradient and clears it.
   *
   * @throws FoveaError if its norm is not a finite number; such a gradient is cleared and never applied.
   */
  step(options: StepOptions): Promise<StepReport>;
  /** Makes the current weights the reference policy. */
  refreshReference(options?: Cancellable): Promise<void>;
  /** The text of each token by itself, for reports. */
  tokenTexts(tokens: Int32Array): readonly string[];
  /** Number of tokens the prompt takes, images included. */
  promptLength(prompt: Prompt): number;
  /** Writes weights, optimiser and reference state into an existing empty directory. */
  save(directory: string, options?: Cancellable): Promise<void>;
  /** Restores exactly what `save` wrote. Refuses a truncated or foreign checkpoint and then leaves the policy as it was. */
  load(directory: string, options?: Cancellable): Promise<void>;
  /** SHA-256 of the weights, hexadecimal: equal weights, equal fingerprint. */
  fingerprint(options?: Cancellable): Promise<string>;
  /** What a run's manifest should say of the engine: backend, versions, parameter count. */
  describe(): Readonly<Record<string, string | number | boolean>>;
  /** What so much work amounts to, by arithmetic alone; left out by an engine whose work costs nothing but time. */
  estimateUsage?(work: WorkAhead): Usage;
  /** What the work so far amounts to, across resumes; left out like the estimate. */
  usage?(): Usage;
  dispose(): Promise<void>;
}
