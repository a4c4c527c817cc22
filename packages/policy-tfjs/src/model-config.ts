import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { ConfigSection } from "./config-section.ts";
import { duplicateKey } from "./duplicate-keys.ts";
import { INERT_SETTINGS } from "./inert-settings.ts";

/** The SigLIP-style vision tower. Its layers are pre-norm with biases; the activation is tanh-approximated GELU. */
export interface VisionConfig {
  /** Side of the square image, in pixels; a multiple of `patchSize`. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly layerNormEpsilon: number;
}

/** The Llama decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases. */
export interface TextConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Divides `heads`; each key-value head serves `heads / keyValueHeads` query heads. */
  readonly keyValueHeads: number;
  readonly headDimension: number;
  readonly ropeTheta: number;
  readonly rmsNormEpsilon: number;
  readonly maximumPositions: number;
  /** The output projection is the embedding matrix itself. */
  readonly tieWordEmbeddings: boolean;
}

export interface ModelConfig {
  /** `llama` has no vision part. */
  readonly modelType: "smolvlm" | "idefics3" | "llama";
  readonly text: TextConfig;
  readonly vision?: VisionConfig;
  /** Pixel shuffle: this many patches squared become one image token. 1 where there is no vision part. */
  readonly scaleFactor: number;
  /** Tokens that one image becomes; 0 where there is no vision part. */
  readonly imageTokens: number;
  readonly imageTokenId?: number;
  readonly bosTokenId?: number;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId?: number;
  /** The file's text, so that a saved checkpoint carries it unchanged. */
  readonly source: string;
}

function readRopeTheta(text: ConfigSection): number {
  // transformers 5 writes rope_parameters, 4 wrote rope_theta and rope_scaling.
  const scaling = text.value("rope_scaling");
  if (scaling !== undefined) {
    const type = (scaling as Record<string, unknown>)["rope_type"] ?? (scaling as Record<string, unknown>)["type"];
    if (type !== "default") throw text.fault("rope_scaling", "null: scaled rotary positions are not supported");
  }
  const theta = text.positiveNumber("rope_theta", 10_000);
  if (!text.has("rope_parameters")) return theta;
  const parameters = text.section("rope_parameters");
  parameters.only("rope_type", "default");
  const inner = parameters.positiveNumber("rope_theta", theta);
  parameters.refuseUnread(new Set());
  if (text.has("rope_theta") && inner !== theta) throw text.fault("rope_theta", `${inner}, as in rope_parameters`);
  return inner;
}

/** Fields and defaults of transformers' LlamaConfig. */
function readText(text: ConfigSection, tieWordEmbeddings: boolean): TextConfig {
  const hiddenSize = text.positiveInteger("hidden_size", 4096);
  const heads = text.positiveInteger("num_attention_heads", 32);
  const keyValueHeads = text.positiveInteger("num_key_value_heads", heads);
  if (heads % keyValueHeads !== 0) throw text.fault("num_key_value_heads", `a divisor of the ${heads} attention heads`);
  if (!text.has("head_dim") && hiddenSize % heads !== 0) {
    throw text.fault("hidden_size", `a multiple of the ${heads} attention heads`);
  }
  const headDimension = text.positiveInteger("head_dim", hiddenSize / heads);
  if (headDimension % 2 !== 0) throw text.fault("head_dim", "even: rotary positions turn pairs");
  text.only("model_type", "llama");
  text.only("hidden_act", "silu");
  for (const name of ["attention_bias", "mlp_bias", "qk_layer_norms", "rope_interleaved", "use_resampler"]) {
    text.only(name, false);
  }
  text.only("tie_word_embeddings", true, false);
  for (const name of ["sliding_window", "quantization_config"]) text.only(name);
  return Object.freeze({
    vocabularySize: text.positiveInteger("vocab_size", 32_000),
    hiddenSize,
    intermediateSize: text.positiveInteger("intermediate_size", 11_008),
    layers: text.positiveInteger("num_hidden_layers", 32),
    heads,
    keyValueHeads,
    headDimension,
    ropeTheta: readRopeTheta(text),
    rmsNormEpsilon: text.positiveNumber("rms_norm_eps", 1e-6),
    maximumPositions: text.positiveInteger("max_position_embeddings", 2048),
    tieWordEmbeddings,
  });
}

/** Fields and defaults of transformers' SmolVLMVisionConfig, which are Idefics3's. */
function readVision(vision: ConfigSection, modelType: string): VisionConfig {
  vision.only(
    "model_type",
    `${modelType}_vision`,
    "smolvlm_vision",
    "idefics3_vision",
    "idefics3",
    "siglip_vision_model",
  );
  vision.only("hidden_act", "gelu_pytorch_tanh");
  vision.only("num_channels", 3);
  vision.only("tie_word_embeddings", false, true);
  const imageSize = vision.positiveInteger("image_size", 224);
  const patchSize = vision.positiveInteger("patch_size", 32);
  const hiddenSize = vision.positiveInteger("hidden_size", 1152);
  const heads = vision.positiveInteger("num_attention_heads", 16);
  if (imageSize % patchSize !== 0) throw vision.fault("image_size", `a multiple of the patch size ${patchSize}`);
  if (hiddenSize % heads !== 0) throw vision.fault("hidden_size", `a multiple of the ${heads} attention heads`);
  const config = Object.freeze({
    imageSize,
    patchSize,
    hiddenSize,
    intermediateSize: vision.positiveInteger("intermediate_size", 3072),
    layers: vision.positiveInteger("num_hidden_layers", 12),
    heads,
    layerNormEpsilon: vision.positiveNumber("layer_norm_eps", 1e-6),
  });
  vision.refuseUnread(INERT_SETTINGS);
  return config;
}

type TokenIds = Pick<ModelConfig, "bosTokenId" | "eosTokenIds" | "padTokenId">;

function readTokenIds(text: ConfigSection, top: ConfigSection, vocabularySize: number): TokenIds {
  const bosTokenId = text.tokenId("bos_token_id") ?? top.tokenId("bos_token_id");
  const padTokenId = text.tokenId("pad_token_id");
  const eosTokenIds = text.tokenIds("eos_token_id") ?? top.tokenIds("eos_token_id") ?? [2];
  for (const id of eosTokenIds) {
    if (id >= vocabularySize) throw text.fault("eos_token_id", `below the vocabulary size ${vocabularySize}`);
  }
  return {
    eosTokenIds: Object.freeze([...eosTokenIds]),
    ...(bosTokenId === undefined ? {} : { bosTokenId }),
    ...(padTokenId === undefined ? {} : { padTokenId }),
  };
}

/**
 * Reads a transformers `config.json` of the SmolVLM or Idefics3 family, or of a text-only Llama. Fields that the file leaves
 * out have transformers' defaults.
 *
 * @param source the file's text.
 * @param file its path, to name in errors.
 * @throws FoveaError naming the field: a wrong value, or a setting that this engine does not support.
 */
export function parseModelConfig(source: string, file: string): ModelConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (error) {
    throw new FoveaError(`${file} is not JSON`, { cause: error });
  }
  const twice = duplicateKey(source);
  if (twice !== undefined) throw new FoveaError(`${file}: "${twice}" stands twice`);
  const top = new ConfigSection(parsed, file);
  const modelType = top.value("model_type");
  if (modelType !== "smolvlm" && modelType !== "idefics3" && modelType !== "llama") {
    throw top.fault("model_type", '"smolvlm", "idefics3" or "llama"');
  }
  const tieWordEmbeddings = top.flag("tie_word_embeddings", false);
  top.only("quantization_config");
  if (modelType === "llama") {
    const text = readText(top, tieWordEmbeddings);
    const tokenIds = readTokenIds(top, top, text.vocabularySize);
    top.refuseUnread(INERT_SETTINGS);
    return Object.freeze({ modelType, text, scaleFactor: 1, imageTokens: 0, ...tokenIds, source });
  }
  const textSection = top.section("text_config");
  const text = readText(textSection, tieWordEmbeddings);
  const vision = readVision(top.section("vision_config"), modelType);
  const scaleFactor = top.positiveInteger("scale_factor", 2);
  const patches = vision.imageSize / vision.patchSize;
  if (patches % scaleFactor !== 0) throw top.fault("scale_factor", `a divisor of the ${patches} patches of a row`);
  const imageTokenId = top.tokenId("image_token_id") ?? 128_257;
  if (imageTokenId >= text.vocabularySize) {
    throw top.fault("image_token_id", `below the vocabulary size ${text.vocabularySize}`);
  }
  const tokenIds = readTokenIds(textSection, top, text.vocabularySize);
  // Both repeat text_config or, for the padding, are documented as not to be used.
  top.only("vocab_size", text.vocabularySize);
  top.value("pad_token_id");
  textSection.refuseUnread(INERT_SETTINGS);
  top.refuseUnread(INERT_SETTINGS);
  const imageTokens = (patches / scaleFactor) ** 2;
  return Object.freeze({ modelType, text, vision, scaleFactor, imageTokens, imageTokenId, ...tokenIds, source });
}

/** Reads `config.json` of a checkpoint directory. */
export async function readModelConfig(directory: string): Promise<ModelConfig> {
  const file = join(directory, "config.json");
  const source = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(`cannot read ${file}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`, {
      cause: error,
    });
  });
  return parseModelConfig(source, file);
}
