/** Path of the checkpoint: a directory in Hugging Face's layout (config.json, model.safetensors, tokenizer.json, ...). */
export declare const checkpointDirectory: string;
