import { clippedSurrogate, importanceRatio, type Loss, type LossInput, stopGradient } from "@fovea-rl/core";
import {
  type ClipThresholds,
  clipThresholdsSchema,
  LOSS_FUNCTIONS,
  type LossFunction,
} from "@fovea-rl/tinker-protocol";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { RequestError } from "./request-error.ts";

const DEFAULT_LOW = 0.8;
const DEFAULT_HIGH = 1.2;

/** Column that multiplies each token's loss. */
export const WEIGHTS = "weights";
/** Column that holds the index of the row's datum at each token. */
export const DATUM = "datum";

/** @throws RequestError 400 if the server has no such loss, or not with such a configuration. */
export function checkLossFunction(
  name: string,
  config: Readonly<Record<string, number>> | null | undefined,
): { readonly name: LossFunction; readonly thresholds: ClipThresholds } {
  if (!LOSS_FUNCTIONS.includes(name as LossFunction)) {
    throw new RequestError(400, `loss_fn "${name}" is not one of ${LOSS_FUNCTIONS.join(", ")}`);
  }
  const hasThresholds = name === "ppo" || name === "cispo";
  const parsed = clipThresholdsSchema.safeParse(config ?? {});
  if (!parsed.success || (!hasThresholds && Object.keys(parsed.data).length > 0)) {
    const allowed = hasThresholds ? "clip_low_threshold and clip_high_threshold" : "nothing";
    throw new RequestError(
      400,
      `loss_fn_config of ${name} may hold ${allowed}, not ${Object.keys(config ?? {}).join(", ")}`,
    );
  }
  return { name: name as LossFunction, thresholds: parsed.data };
}

function tokenLoss(name: LossFunction, thresholds: ClipThresholds, input: LossInput): Tensor {
  const { logprobs, behaviourLogprobs, advantages } = input;
  if (name === "cross_entropy") return tf.neg(logprobs);
  const ratio = importanceRatio(logprobs, behaviourLogprobs);
  const { clip_low_threshold: low = DEFAULT_LOW, clip_high_threshold: high = DEFAULT_HIGH } = thresholds;
  switch (name) {
    case "importance_sampling":
      return tf.neg(tf.mul(ratio, advantages));
    case "ppo":
      return clippedSurrogate(ratio, advantages, { clipLow: 1 - low, clipHigh: high - 1 });
    case "cispo":
      return tf.neg(tf.mul(tf.mul(stopGradient(tf.clipByValue(ratio, low, high)), logprobs), advantages));
  }
}

/** What a pass saw: `[T]` for each datum, by its index. */
export interface PassRecord {
  readonly logprobs: Map<number, Float32Array>;
  readonly elementwiseLoss: Map<number, Float32Array>;
}

/** A built-in loss, sum over tokens of the weighted token loss, which records the log-probabilities that it is computed from. */
export function builtInLoss(
  name: LossFunction,
  thresholds: ClipThresholds,
  lengths: readonly number[],
): { readonly loss: Loss; readonly record: PassRecord } {
  const record: PassRecord = { logprobs: new Map(), elementwiseLoss: new Map() };
  const loss: Loss = {
    columns: [WEIGHTS, DATUM],
    compute(input) {
      const weighted = tf.mul(
        tf.mul(tokenLoss(name, thresholds, input), input.columns[WEIGHTS]!),
        input.mask,
      ) as Tensor2D;
      const width = input.logprobs.shape[1];
      const datums = input.columns[DATUM]!.dataSync();
      const logprobs = input.logprobs.dataSync() as Float32Array;
      const losses = weighted.dataSync() as Float32Array;
      for (let row = 0; row < input.logprobs.shape[0]; row++) {
        const datum = Math.round(datums[row * width]!);
        const end = row * width + lengths[datum]!;
        record.logprobs.set(datum, logprobs.slice(row * width, end));
        record.elementwiseLoss.set(datum, losses.slice(row * width, end));
      }
      return { loss: tf.sum(weighted), metrics: {} };
    },
  };
  return { loss, record };
}
