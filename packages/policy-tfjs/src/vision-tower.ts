import * as tf from "@tensorflow/tfjs-core";
import { cutPatches, shuffledPatchOrder } from "./image-patches.ts";
import type { ModelConfig } from "./model-config.ts";
import { attention } from "./operations/attention.ts";
import type { RunSegment } from "./operations/checkpoint.ts";
import { rearrangeRows } from "./operations/embedding.ts";
import { geluFeedForward } from "./operations/feed-forward.ts";
import { affine, linear } from "./operations/linear.ts";
import { layerNorm } from "./operations/normalisation.ts";
import { packHeads } from "./operations/rotary-embedding.ts";
import type { TensorParameters } from "./tensor-parameters.ts";

const NO_MASKS = { own: undefined, prefix: undefined };

/**
 * The SigLIP-style vision transformer with pixel shuffle and projection (Idefics3, Laurençon et al. 2024).
 *
 * @param images each `[3, imageSize, imageSize]`, normalised.
 * @returns `[images * imageTokens, text hidden size]`
 */
export function encodeImages(
  images: readonly Float32Array[],
  parameters: TensorParameters,
  config: ModelConfig,
  run: RunSegment,
): tf.Tensor2D {
  const vision = config.vision!;
  const order = shuffledPatchOrder(vision.imageSize / vision.patchSize, config.scaleFactor);
  const patches = tf.tensor2d(cutPatches(images, vision.imageSize, vision.patchSize, order), [
    images.length * order.length,
    3 * vision.patchSize ** 2,
  ]);
  const embedded = affine(patches, parameters.get("vision.patch.kernel"), parameters.get("vision.patch.bias"));
  const positions = rearrangeRows(parameters.get("vision.positions"), order);
  const width = vision.hiddenSize;
  let x = tf.reshape(tf.add(tf.reshape(embedded, [images.length, order.length, width]), positions), [
    images.length * order.length,
    width,
  ]) as tf.Tensor2D;
  const counts = { heads: vision.heads, keyValueHeads: vision.heads, headDimension: width / vision.heads };
  const shape = {
    rows: images.length,
    heads: 3 * vision.heads,
    length: order.length,
    headDimension: counts.headDimension,
  };
  for (let layer = 0; layer < vision.layers; layer++) {
    const vector = (name: string): tf.Tensor1D => parameters.get(`vision.${layer}.${name}`);
    const matrix = (name: string): tf.Tensor2D => parameters.get(`vision.${layer}.${name}`);
    const epsilon = vision.layerNormEpsilon;
    const attended = run(
      [x, vector("norm1.weight"), vector("norm1.bias"), matrix("qkv.kernel"), vector("qkv.bias")] as const,
      (x, weight, bias, kernel, kernelBias) => {
        const packed = packHeads(affine(layerNorm(x, weight, bias, epsilon), kernel, kernelBias), shape, undefined);
        return attention(packed, undefined, NO_MASKS, counts);
      },
    );
    const output = [matrix("out.kernel"), vector("out.bias"), vector("norm2.weight"), vector("norm2.bias")] as const;
    const expand = [matrix("expand.kernel"), vector("expand.bias")] as const;
    const contract = [matrix("contract.kernel"), vector("contract.bias")] as const;
    x = run(
      [x, attended, ...output, ...expand, ...contract] as const,
      (x, attended, out, outBias, weight, bias, expand, expandBias, contract, contractBias) => {
        const middle = tf.add(x, affine(attended, out, outBias)) as tf.Tensor2D;
        const inner = layerNorm(middle, weight, bias, epsilon);
        return tf.add(middle, geluFeedForward(inner, expand, expandBias, contract, contractBias)) as tf.Tensor2D;
      },
    );
  }
  x = layerNorm(x, parameters.get("vision.norm.weight"), parameters.get("vision.norm.bias"), vision.layerNormEpsilon);
  const shuffled = tf.reshape(x, [images.length * config.imageTokens, width * config.scaleFactor ** 2]) as tf.Tensor2D;
  return linear(shuffled, parameters.get("connector.kernel"));
}
