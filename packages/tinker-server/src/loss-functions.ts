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

/** A built-in loss, and the way to what it was computed from once its passes are over. */
export interface RecordedLoss {
  readonly loss: Loss;
  read(): Promise<PassRecord>;
  /** Frees what it kept; also where a pass failed. */
  dispose(): void;
}

/** Sum over tokens of the weighted token loss. */
export function builtInLoss(name: LossFunction, thresholds: ClipThresholds, lengths: readonly number[]): RecordedLoss {
  // Kept and read afterwards rather than at once: in Node a device of WebGPU gives no values while a loss is computed.
  const passes: { readonly datums: Tensor2D; readonly logprobs: Tensor2D; readonly losses: Tensor2D }[] = [];
  const kept = (tensor: Tensor2D): Tensor2D => tf.keep(tf.clone(tensor));
  const loss: Loss = {
    columns: [WEIGHTS, DATUM],
    compute(input) {
      const weighted = tf.mul(
        tf.mul(tokenLoss(name, thresholds, input), input.columns[WEIGHTS]!),
        input.mask,
      ) as Tensor2D;
      passes.push({ datums: kept(input.columns[DATUM]!), logprobs: kept(input.logprobs), losses: kept(weighted) });
      return { loss: tf.sum(weighted), metrics: {} };
    },
  };
  return {
    loss,
    async read() {
      const record = { logprobs: new Map<number, Float32Array>(), elementwiseLoss: new Map<number, Float32Array>() };
      for (const pass of passes) {
        const [rows, width] = pass.logprobs.shape;
        const [datums, logprobs, losses] = await Promise.all([
          pass.datums.data<"float32">(),
          pass.logprobs.data<"float32">(),
          pass.losses.data<"float32">(),
        ]);
        for (let row = 0; row < rows; row++) {
          const datum = Math.round(datums[row * width]!);
          const end = row * width + lengths[datum]!;
          record.logprobs.set(datum, logprobs.slice(row * width, end));
          record.elementwiseLoss.set(datum, losses.slice(row * width, end));
        }
      }
      return record;
    },
    dispose() {
      for (const pass of passes.splice(0)) tf.dispose([pass.datums, pass.logprobs, pass.losses]);
    },
  };
}
