import type { ModelConfig } from "@fovea-rl/policy-tfjs";

/**
 * Floating-point operations of matrix products that a pass needs at least: two per weight and token, and attention's two
 * products over half the context. A backward pass needs twice as many again.
 */
export interface PassCost {
  readonly shared: number;
  /** The same responses when each brings its own prefix. */
  readonly alone: number;
}

function visionCost({ vision, scaleFactor, text }: ModelConfig): number {
  if (vision === undefined) return 0;
  const { hiddenSize: width, intermediateSize, layers, imageSize, patchSize } = vision;
  const patches = (imageSize / patchSize) ** 2;
  const layer = 2 * patches * (4 * width ** 2 + 2 * width * intermediateSize) + 4 * patches ** 2 * width;
  const connector = (patches / scaleFactor ** 2) * 2 * width * scaleFactor ** 2 * text.hiddenSize;
  return layers * layer + 2 * patches * 3 * patchSize ** 2 * width + connector;
}

/** Tokens of one sequence that start behind `context` others. */
function textCost({ text }: ModelConfig, tokens: number, context: number): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDimension, layers } = text;
  const projections = hiddenSize * headDimension * (2 * heads + 2 * keyValueHeads) + 3 * hiddenSize * intermediateSize;
  const attention = 4 * heads * headDimension * (context + tokens / 2);
  return layers * tokens * (2 * projections + attention);
}

/** Cost of a forward pass that gives the log-probabilities of each response token. */
export function forwardCost(
  config: ModelConfig,
  plan: { readonly prompts: number; readonly groupSize: number; readonly responseLength: number },
  promptTokens: number,
  imagesPerPrompt: number,
): PassCost {
  const { prompts, groupSize, responseLength } = plan;
  const prefix = imagesPerPrompt * visionCost(config) + textCost(config, promptTokens, 0);
  const head = 2 * responseLength * config.text.hiddenSize * config.text.vocabularySize;
  const response = textCost(config, responseLength, promptTokens) + head;
  return {
    shared: prompts * (prefix + groupSize * response),
    alone: prompts * groupSize * (prefix + response),
  };
}
