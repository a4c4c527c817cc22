import * as tf from "@tensorflow/tfjs-core";
import { type DecoderOutput, decode } from "./decoder.ts";
import type { ModelConfig } from "./model-config.ts";
import { type RunSegment, recorded } from "./operations/checkpoint.ts";
import { embed, rearrangeRows } from "./operations/embedding.ts";
import { logDistributions, tokenLogprobs } from "./operations/token-log-probabilities.ts";
import type { TensorParameters } from "./tensor-parameters.ts";
import type { PrefixBatch, ResponseBatch } from "./token-batch.ts";
import { encodeImages } from "./vision-tower.ts";

/** The output projection `[hiddenSize, vocabulary]`: its own, or the embedding's transpose. */
export function outputKernel(parameters: TensorParameters, config: ModelConfig): tf.Tensor2D {
  return config.text.tieWordEmbeddings
    ? (tf.transpose(parameters.get("text.embedding")) as tf.Tensor2D)
    : parameters.get("head.kernel");
}

/** Prompt tokens as vectors `[B * P, hiddenSize]`, with image features in the place of image tokens. */
function embedPrefix(
  batch: PrefixBatch,
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment,
): tf.Tensor2D {
  const words = embed(parameters.get("text.embedding"), batch.tokens);
  const images = batch.prompts.flatMap((prompt) => prompt.pixelValues);
  if (images.length === 0) return words;
  const features = encodeImages(images, parameters, config, run);
  // Row i of the merged sequence is word i, or the next feature where the word is an image token. Prompts hold as many image
  // tokens as their images have features (checked when they are encoded), so features are used up in order.
  const from = Int32Array.from(batch.tokens.keys());
  let feature = batch.tokens.length;
  batch.padding.forEach((pad, row) => {
    for (let place = row * batch.length + pad; place < (row + 1) * batch.length; place++) {
      if (batch.tokens[place] === config.imageTokenId) from[place] = feature++;
    }
  });
  return rearrangeRows(tf.concat([words, features], 0) as tf.Tensor2D, from);
}

/** The shared pass over B prompts. */
export function runPrefix(
  batch: PrefixBatch,
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment = recorded,
): DecoderOutput {
  const embedded = embedPrefix(batch, parameters, config, run);
  const pass = {
    rows: batch.prompts.length,
    length: batch.length,
    rotary: batch.rotary,
    masks: { own: batch.selfMask, prefix: undefined },
  };
  return decode(embedded, pass, parameters, config, run);
}

/** Hidden states at the last token of each prompt: `[B, hiddenSize]`. */
export function lastHidden(hidden: tf.Tensor2D, batch: PrefixBatch): tf.Tensor2D {
  const rows = batch.prompts.length;
  const width = hidden.shape[1];
  const split = tf.reshape(hidden, [rows, batch.length, width]);
  return tf.reshape(tf.slice(split, [0, batch.length - 1, 0], [rows, 1, width]), [rows, width]) as tf.Tensor2D;
}

/** Hidden states before each response token: `[N * T, hiddenSize]`. */
function responseHidden(
  prefix: PrefixBatch,
  responses: ResponseBatch,
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment,
): tf.Tensor2D {
  const shared = runPrefix(prefix, parameters, config, run);
  const rows = responses.samples * prefix.prompts.length;
  const width = config.text.hiddenSize;
  const last = lastHidden(shared.hidden, prefix);
  const first = responses.samples === 1 ? last : tf.tile(last, [responses.samples, 1]);
  if (responses.pass === undefined) return first as tf.Tensor2D;
  const inputLength = responses.length - 1;
  const pass = {
    rows,
    length: inputLength,
    rotary: responses.pass.rotary,
    masks: { own: responses.pass.mask, prefix: prefix.keyMask },
    prefix: shared.packed,
  };
  const { hidden } = decode(embed(parameters.get("text.embedding"), responses.inputs), pass, parameters, config, run);
  const all = tf.concat([tf.reshape(first, [rows, 1, width]), tf.reshape(hidden, [rows, inputLength, width])], 1);
  return tf.reshape(all, [rows * responses.length, width]) as tf.Tensor2D;
}

/**
 * Log-probabilities of the responses' tokens, `[N, T]`; differentiable. Padding holds the log-probability of token 0.
 *
 * @param run how the layers are differentiated.
 */
export function responseLogprobs(
  prefix: PrefixBatch,
  responses: ResponseBatch,
  parameters: TensorParameters,
  config: ModelConfig,
  temperature: number,
  run: RunSegment = recorded,
): tf.Tensor2D {
  const hidden = responseHidden(prefix, responses, parameters, config, run);
  const logprobs = tokenLogprobs(hidden, outputKernel(parameters, config), responses.targets, temperature);
  return tf.reshape(logprobs, [responses.samples * prefix.prompts.length, responses.length]) as tf.Tensor2D;
}

/** Log-probabilities of the whole vocabulary before each response token, `[N * T, vocabulary]`. */
export function responseDistributions(
  prefix: PrefixBatch,
  responses: ResponseBatch,
  parameters: TensorParameters,
  config: ModelConfig,
  temperature: number,
): tf.Tensor2D {
  const hidden = responseHidden(prefix, responses, parameters, config, recorded);
  return logDistributions(hidden, outputKernel(parameters, config), temperature);
}
