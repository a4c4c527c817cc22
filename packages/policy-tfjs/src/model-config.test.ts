import { describe, expect, it } from "vitest";
import { parseModelConfig } from "./model-config.ts";

/** As HuggingFaceTB/SmolVLM2-500M-Video-Instruct has it: transformers leaves out whatever equals its default. */
const smolVlm2 = {
  architectures: ["SmolVLMForConditionalGeneration"],
  image_token_id: 49190,
  model_type: "smolvlm",
  pad_token_id: 128002,
  scale_factor: 4,
  text_config: {
    architectures: ["VLlama3ForCausalLM"],
    head_dim: 64,
    hidden_size: 960,
    intermediate_size: 2560,
    is_llama_config: true,
    max_position_embeddings: 8192,
    model_type: "llama",
    neftune_noise_alpha: 0.0,
    num_attention_heads: 15,
    num_hidden_layers: 32,
    num_key_value_heads: 5,
    pad_token_id: 2,
    pixel_shuffle_factor: 4,
    qk_layer_norms: false,
    rms_norm_eps: 1e-5,
    rope_interleaved: false,
    rope_theta: 100000,
    torch_dtype: "bfloat16",
    use_resampler: false,
    vocab_size: 49280,
  },
  tie_word_embeddings: false,
  torch_dtype: "float32",
  transformers_version: "4.47.1",
  use_cache: false,
  use_reentrant_checkpointing: false,
  vision_config: {
    hidden_size: 768,
    image_size: 512,
    max_image_size: { longest_edge: 512 },
    model_type: "smolvlm_vision",
    num_attention_heads: 12,
    patch_size: 16,
    size: { longest_edge: 2048 },
    tie_word_embeddings: false,
    use_base_siglip: false,
  },
  vocab_size: 49280,
};

const llama = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 172,
  num_hidden_layers: 5,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  vocab_size: 512,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};

const parse = (config: unknown) => parseModelConfig(JSON.stringify(config), "dir/config.json");
const withText = (text: object) => ({ ...smolVlm2, text_config: { ...smolVlm2.text_config, ...text } });
const withVision = (vision: object) => ({ ...smolVlm2, vision_config: { ...smolVlm2.vision_config, ...vision } });

describe("a SmolVLM config.json", () => {
  it("is read with transformers' defaults for what it leaves out", () => {
    expect(parse(smolVlm2)).toEqual({
      modelType: "smolvlm",
      text: {
        vocabularySize: 49280,
        hiddenSize: 960,
        intermediateSize: 2560,
        layers: 32,
        heads: 15,
        keyValueHeads: 5,
        headDimension: 64,
        ropeTheta: 100000,
        rmsNormEpsilon: 1e-5,
        maximumPositions: 8192,
        tieWordEmbeddings: false,
      },
      vision: {
        imageSize: 512,
        patchSize: 16,
        hiddenSize: 768,
        intermediateSize: 3072,
        layers: 12,
        heads: 12,
        layerNormEpsilon: 1e-6,
      },
      scaleFactor: 4,
      imageTokens: 64,
      imageTokenId: 49190,
      eosTokenIds: [2],
      padTokenId: 2,
      source: JSON.stringify(smolVlm2),
    });
  });

  it("may write the rotary base either way, but not two of them", () => {
    const { rope_theta: _, ...text } = smolVlm2.text_config;
    const rope = { rope_theta: 5000, rope_type: "default" };
    expect(parse({ ...smolVlm2, text_config: { ...text, rope_parameters: rope } }).text.ropeTheta).toBe(5000);
    expect(parse({ ...smolVlm2, text_config: text }).text.ropeTheta).toBe(10000);
    expect(() => parse(withText({ rope_parameters: rope }))).toThrow(/rope_theta is 100000; it must be 5000/);
  });

  it("and all within it is frozen", () => {
    const config = parse(smolVlm2);
    expect([config, config.text, config.vision, config.eosTokenIds].every(Object.isFrozen)).toBe(true);
  });

  it.each([
    [withText({ attention_bias: true }), /text_config\.attention_bias is true/],
    [withText({ mlp_bias: true }), /text_config\.mlp_bias/],
    [withText({ qk_layer_norms: true }), /qk_layer_norms/],
    [withText({ rope_interleaved: true }), /rope_interleaved/],
    [withText({ use_resampler: true }), /use_resampler/],
    [withText({ hidden_act: "gelu" }), /hidden_act is "gelu"; it must be "silu"/],
    [withText({ model_type: "mistral" }), /text_config\.model_type is "mistral"/],
    [withText({ rope_scaling: { rope_type: "llama3", factor: 8 } }), /rope_scaling/],
    [withText({ rope_parameters: { rope_theta: 100000, rope_type: "yarn" } }), /rope_parameters\.rope_type is "yarn"/],
    [withText({ rope_parameters: { rope_theta: 100000, partial_rotary_factor: 0.5 } }), /partial_rotary_factor/],
    [withText({ sliding_window: 512 }), /sliding_window/],
    [withText({ num_experts: 8 }), /text_config\.num_experts is a setting that this engine does not know \(8\)/],
    [withText({ num_key_value_heads: 4 }), /num_key_value_heads is 4; it must be a divisor of the 15/],
    [withText({ hidden_size: -1 }), /text_config\.hidden_size is -1; it must be a positive integer/],
    [withText({ rms_norm_eps: "small" }), /rms_norm_eps is "small"/],
    [withText({ eos_token_id: 49280 }), /eos_token_id is 49280; it must be below the vocabulary size/],
    [withVision({ hidden_act: "gelu" }), /vision_config\.hidden_act is "gelu"/],
    [withVision({ num_channels: 1 }), /num_channels is 1; it must be 3/],
    [withVision({ image_size: 500 }), /image_size is 500; it must be a multiple of the patch size 16/],
    [withVision({ image_size: [512, 512] }), /image_size is \[512,512\]/],
    [{ ...smolVlm2, scale_factor: 3 }, /scale_factor is 3; it must be a divisor of the 32 patches/],
    [{ ...smolVlm2, image_token_id: 50000 }, /image_token_id is 50000; it must be below the vocabulary size 49280/],
    [{ ...smolVlm2, quantization_config: { bits: 4 } }, /quantization_config/],
    [{ ...smolVlm2, text_config: 3 }, /text_config must be an object/],
    [
      { ...smolVlm2, model_type: "qwen2_5_vl" },
      /model_type is "qwen2_5_vl"; it must be "smolvlm", "idefics3" or "llama"/,
    ],
    [[], /dir\/config\.json must be an object/],
  ])("is refused by the name of what is wrong (%#)", (config, message) => {
    expect(() => parse(config)).toThrow(message);
    expect(() => parse(config)).toThrow("dir/config.json");
  });

  it("is refused if it is not JSON or says a thing twice", () => {
    expect(() => parseModelConfig("{", "c.json")).toThrow("c.json is not JSON");
    expect(() => parseModelConfig('{"model_type":"llama","model_type":"smolvlm"}', "c.json")).toThrow(
      /"model_type" stands twice/,
    );
  });
});

describe("a text-only Llama config.json", () => {
  it("gives a model without vision", () => {
    const config = parse(llama);
    expect(config).toMatchObject({ modelType: "llama", imageTokens: 0, bosTokenId: 1, eosTokenIds: [2] });
    expect(config.text).toMatchObject({ headDimension: 8, keyValueHeads: 4, tieWordEmbeddings: true });
    expect(config.vision).toBeUndefined();
    expect(config.imageTokenId).toBeUndefined();
  });
});
