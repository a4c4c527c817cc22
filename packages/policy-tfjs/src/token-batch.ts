import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./model-config.ts";
import { disposeRotaryTables, type RotaryTables, rotaryTables } from "./operations/rotary-embedding.ts";

/** A score that softmax turns into nothing, and that float32 can still add to. */
const MASKED = -1e9;

/** A prompt as the model takes it: token ids, image placeholders included, and the pixels of its images in order. */
export interface ModelPrompt {
  /** `[P]` */
  readonly tokens: Int32Array;
  /** Each `[3, imageSize, imageSize]`, normalised. */
  readonly pixelValues: readonly Float32Array[];
}

/**
 * B prompts side by side, padded on the left so that the last token of each is at the same place and its keys lie next to the
 * response's. Holds constants that the passes share; the owner disposes it.
 */
export interface PrefixBatch {
  readonly prompts: readonly ModelPrompt[];
  /** P, the longest prompt. */
  readonly length: number;
  /** `[B * P]`, padding as token 0. */
  readonly tokens: Int32Array;
  /** `[B]` padding on the left of each prompt. */
  readonly padding: readonly number[];
  readonly rotary: RotaryTables;
  /** `[B, 1, repeat * P, P]`: causal, and blind to padding. */
  readonly selfMask: tf.Tensor4D;
  /** `[B, 1, 1, P]` for responses; `undefined` when nothing is padded. */
  readonly keyMask: tf.Tensor4D | undefined;
}

function headDimensions(config: ModelConfig): {
  readonly headDimension: number;
  readonly theta: number;
  readonly rotatedHeads: number;
  readonly plainHeads: number;
  readonly repeat: number;
} {
  const { headDimension, ropeTheta, heads, keyValueHeads } = config.text;
  return {
    headDimension,
    theta: ropeTheta,
    rotatedHeads: heads + keyValueHeads,
    plainHeads: keyValueHeads,
    repeat: heads / keyValueHeads,
  };
}

export function createPrefixBatch(prompts: readonly ModelPrompt[], config: ModelConfig): PrefixBatch {
  const rows = prompts.length;
  const length = Math.max(...prompts.map((prompt) => prompt.tokens.length));
  const padding = prompts.map((prompt) => length - prompt.tokens.length);
  const tokens = new Int32Array(rows * length);
  const positions = new Int32Array(rows * length);
  const { repeat, ...rotation } = headDimensions(config);
  const selfMask = new Float32Array(rows * repeat * length * length);
  const keyMask = new Float32Array(rows * length);
  prompts.forEach((prompt, row) => {
    const pad = padding[row]!;
    tokens.set(prompt.tokens, row * length + pad);
    for (let place = 0; place < length; place++) positions[row * length + place] = Math.max(0, place - pad);
    keyMask.fill(MASKED, row * length, row * length + pad);
    for (let copy = 0; copy < repeat; copy++) {
      for (let query = 0; query < length; query++) {
        const start = ((row * repeat + copy) * length + query) * length;
        selfMask.fill(MASKED, start, start + pad);
        selfMask.fill(MASKED, start + query + 1, start + length);
      }
    }
  });
  return {
    prompts,
    length,
    tokens,
    padding,
    rotary: rotaryTables({ positions, rows, length, ...rotation }),
    selfMask: tf.tensor4d(selfMask, [rows, 1, repeat * length, length]),
    keyMask: padding.some((pad) => pad > 0) ? tf.tensor4d(keyMask, [rows, 1, 1, length]) : undefined,
  };
}

export function disposePrefixBatch(batch: PrefixBatch): void {
  disposeRotaryTables(batch.rotary);
  batch.selfMask.dispose();
  batch.keyMask?.dispose();
}

/**
 * N = G * B responses behind B prompts, padded on the right. Row g * B + b is sample g of prompt b; a prompt with fewer than G
 * responses has empty rows. The model reads all tokens but the last of each: the log-probability of token t comes from the
 * hidden state before it, and that of token 0 from the prompt's.
 */
export interface ResponseBatch {
  /** G */
  readonly samples: number;
  /** T, the longest response. */
  readonly length: number;
  /** `[N * T]` targets, padding as token 0. */
  readonly targets: Int32Array;
  /** `[N * (T - 1)]` inputs. */
  readonly inputs: Int32Array;
  /** Rotary tables and causal mask of the T - 1 inputs; `undefined` when T is 1. */
  readonly pass: { readonly rotary: RotaryTables; readonly mask: tf.Tensor4D } | undefined;
}

/** @param responses `[B][up to G]`, each `[T]`. */
export function createResponseBatch(
  prefix: PrefixBatch,
  responses: readonly (readonly Int32Array[])[],
  config: ModelConfig,
): ResponseBatch {
  const prompts = responses.length;
  const samples = Math.max(...responses.map((group) => group.length));
  const length = Math.max(1, ...responses.flat().map((response) => response.length));
  const rows = samples * prompts;
  const inputLength = length - 1;
  const targets = new Int32Array(rows * length);
  const inputs = new Int32Array(rows * inputLength);
  const positions = new Int32Array(rows * inputLength);
  responses.forEach((group, prompt) => {
    const promptLength = prefix.prompts[prompt]!.tokens.length;
    for (let sample = 0; sample < samples; sample++) {
      const row = sample * prompts + prompt;
      for (let place = 0; place < inputLength; place++) positions[row * inputLength + place] = promptLength + place;
      const response = group[sample];
      if (response === undefined) continue;
      targets.set(response, row * length);
      inputs.set(response.subarray(0, Math.min(response.length, inputLength)), row * inputLength);
    }
  });
  if (inputLength === 0) return { samples, length, targets, inputs, pass: undefined };
  const { repeat, ...rotation } = headDimensions(config);
  const mask = new Float32Array(repeat * inputLength * inputLength);
  for (let row = 0; row < repeat * inputLength; row++) {
    const query = row % inputLength;
    mask.fill(MASKED, row * inputLength + query + 1, (row + 1) * inputLength);
  }
  const pass = {
    rotary: rotaryTables({ positions, rows, length: inputLength, ...rotation }),
    mask: tf.tensor4d(mask, [1, 1, repeat * inputLength, inputLength]),
  };
  return { samples, length, targets, inputs, pass };
}

export function disposeResponseBatch(batch: ResponseBatch): void {
  if (batch.pass === undefined) return;
  disposeRotaryTables(batch.pass.rotary);
  batch.pass.mask.dispose();
}
