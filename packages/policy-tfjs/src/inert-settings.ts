/**
 * Fields of a transformers `config.json` that say how a model was made, stored or used, but not what it computes. The second
 * half is what older transformers versions wrote into every section: defaults of text generation and of classifiers.
 */
export const INERT_SETTINGS: ReadonlySet<string> = new Set([
  "architectures",
  "dtype",
  "torch_dtype",
  "transformers_version",
  "transformers.js_config",
  "initializer_range",
  // Dropout acts in transformers' own training alone, and is zero in every released checkpoint of the family.
  "attention_dropout",
  "use_cache",
  "use_reentrant_checkpointing",
  "gradient_checkpointing",
  "is_llama_config",
  "neftune_noise_alpha",
  "pretraining_tp",
  // Idefics leftovers: the resampler that perceiver_config describes is built only if use_resampler is set, which is refused.
  "perceiver_config",
  "pixel_shuffle_factor",
  "use_base_siglip",
  // The image processor's business; it reads preprocessor_config.json.
  "max_image_size",
  "size",
  "image_seq_len",
  ...[
    "add_cross_attention",
    "bad_words_ids",
    "begin_suppress_tokens",
    "chunk_size_feed_forward",
    "cross_attention_hidden_size",
  ],
  ...["decoder_start_token_id", "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size"],
  ...["exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id", "forced_eos_token_id", "id2label"],
  ...["is_decoder", "is_encoder_decoder", "label2id", "length_penalty", "max_length", "max_new_tokens", "min_length"],
  ...[
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
  ],
  ...[
    "output_scores",
    "prefix",
    "problem_type",
    "pruned_heads",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
  ],
  ...[
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
  ],
  ...["tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torchscript", "typical_p", "use_bfloat16"],
]);
