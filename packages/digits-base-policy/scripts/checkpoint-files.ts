/**
 * The files of the base policy's checkpoint that are not weights, in Hugging Face's formats: transformers opens them, and so
 * does the embedded engine.
 */

/** In the order of their ids. Special tokens do not appear in decoded text. */
const SPECIAL_TOKENS = [
  "<pad>",
  "<unk>",
  "<|im_start|>",
  "<end_of_utterance>",
  "<fake_token_around_image>",
  "<global-img>",
  "<image>",
  "User:",
  "Assistant:",
];

/** Whole tokens too, but part of the text: the verifiers look for them. */
const FORMAT_TOKENS = ["<think>", "</think>", "\\boxed{"];

/** Byte-level words, as GPT-2 splits text: `Ġ` is the space before a word. All that the digits task says, at both levels. */
const WORDS = [
  ...["}", ",", "?", "-", "(", ")"],
  ...["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  ...["What", "How", "Which", "Ġis", "Ġthe", "Ġsum", "Ġproduct", "Ġdifference", "Ġmany", "Ġare", "Ġeven", "Ġlargest"],
  ...["Ġdigit", "Ġleft", "Ġright", "Ġminus", "Ġsmallest", "top", "bottom", "Ġtop", "Ġbottom", "Ġ(", "Ġ+", "Ġ*", "Ġ-"],
];

const VOCABULARY = [...SPECIAL_TOKENS, ...FORMAT_TOKENS, ...WORDS];

function tokenId(token: string): number {
  return VOCABULARY.indexOf(token);
}

/** The task's default. */
const IMAGE_SIZE = 40;

const textConfig = {
  model_type: "llama",
  vocab_size: VOCABULARY.length,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  hidden_act: "silu",
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: false,
  bos_token_id: tokenId("<|im_start|>"),
  eos_token_id: tokenId("<end_of_utterance>"),
  pad_token_id: tokenId("<pad>"),
};

const visionConfig = {
  model_type: "smolvlm_vision",
  image_size: IMAGE_SIZE,
  // 8x8 patches, of which pixel shuffle makes 2x2 image tokens: one column of them for each digit of a pair.
  patch_size: 5,
  hidden_size: 48,
  intermediate_size: 96,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_channels: 3,
  hidden_act: "gelu_pytorch_tanh",
  layer_norm_eps: 1e-6,
};

const config = {
  architectures: ["SmolVLMForConditionalGeneration"],
  model_type: "smolvlm",
  image_token_id: tokenId("<image>"),
  scale_factor: 4,
  text_config: textConfig,
  vision_config: visionConfig,
  tie_word_embeddings: false,
  torch_dtype: "float32",
};

const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [...SPECIAL_TOKENS, ...FORMAT_TOKENS].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: id < SPECIAL_TOKENS.length,
  })),
  normalizer: null,
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: "<unk>",
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    // Words stand in the vocabulary whole: there is nothing to merge.
    ignore_merges: true,
    vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
    merges: [],
  },
};

/** SmolVLM's, but with the role and its colon as one token, and without the line breaks. */
const chatTemplate =
  "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:" +
  "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}" +
  "{% endfor %}<end_of_utterance>{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}";

const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  processor_class: "SmolVLMProcessor",
  bos_token: "<|im_start|>",
  eos_token: "<end_of_utterance>",
  pad_token: "<pad>",
  unk_token: "<unk>",
  additional_special_tokens: ["<fake_token_around_image>", "<image>", "<end_of_utterance>"],
  clean_up_tokenization_spaces: false,
  model_max_length: textConfig.max_position_embeddings,
};

const generationConfig = {
  bos_token_id: textConfig.bos_token_id,
  eos_token_id: textConfig.eos_token_id,
  pad_token_id: textConfig.pad_token_id,
};

const preprocessorConfig = {
  image_processor_type: "SmolVLMImageProcessor",
  processor_class: "SmolVLMProcessor",
  do_convert_rgb: true,
  do_image_splitting: false,
  do_normalize: true,
  do_pad: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  max_image_size: { longest_edge: IMAGE_SIZE },
  resample: 1,
  rescale_factor: 1 / 255,
  size: { longest_edge: IMAGE_SIZE },
};

const processorConfig = { image_seq_len: 4, processor_class: "SmolVLMProcessor" };

function json(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** File name to content. */
export const checkpointFiles: Readonly<Record<string, string>> = {
  "chat_template.jinja": chatTemplate,
  "config.json": json(config),
  "generation_config.json": json(generationConfig),
  "preprocessor_config.json": json(preprocessorConfig),
  "processor_config.json": json(processorConfig),
  "tokenizer.json": json(tokenizer),
  "tokenizer_config.json": json(tokenizerConfig),
};
