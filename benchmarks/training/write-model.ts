import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkpointDirectory } from "@fovea-rl/digits-base-policy";
import { type NamedTensor, parseModelConfig, weightShapes, writeModelWeights } from "@fovea-rl/policy-tfjs";
import { imageSize, type ModelPlan, PATCH_SIZE, SCALE_FACTOR, VOCABULARY_SIZE } from "./model-plans.ts";

/** Words of lower-case letters alone (a tokenizer splits numbers), each one token behind a space. */
export function vocabularyWord(index: number): string {
  const letters = [676, 26, 1].map((place) => String.fromCharCode(97 + (Math.floor(index / place) % 26)));
  return `q${letters.join("")}`;
}

async function readJson(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(checkpointDirectory, name), "utf8")) as Record<string, unknown>;
}

/** The base policy's tokenizer with made-up words up to the vocabulary's size. */
async function tokenizerOf(): Promise<Record<string, unknown>> {
  const tokenizer = await readJson("tokenizer.json");
  const model = tokenizer["model"] as { vocab: Record<string, number> };
  const known = Object.keys(model.vocab).length;
  for (let id = known; id < VOCABULARY_SIZE; id++) model.vocab[`Ġ${vocabularyWord(id - known)}`] = id;
  return tokenizer;
}

async function configOf(plan: ModelPlan): Promise<Record<string, unknown>> {
  const config = await readJson("config.json");
  const { text, vision } = plan;
  return {
    ...config,
    scale_factor: SCALE_FACTOR,
    text_config: {
      ...(config["text_config"] as object),
      vocab_size: VOCABULARY_SIZE,
      hidden_size: text.hiddenSize,
      intermediate_size: text.intermediateSize,
      num_hidden_layers: text.layers,
      num_attention_heads: text.heads,
      num_key_value_heads: text.keyValueHeads,
      head_dim: text.hiddenSize / text.heads,
      max_position_embeddings: 2048,
    },
    vision_config: {
      ...(config["vision_config"] as object),
      image_size: imageSize(plan),
      patch_size: PATCH_SIZE,
      hidden_size: vision.hiddenSize,
      intermediate_size: 4 * vision.hiddenSize,
      num_hidden_layers: vision.layers,
      num_attention_heads: vision.heads,
    },
  };
}

/** A small generator that fills 30 M weights in a second; its quality is of no account here. */
function uniformGenerator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function initialTensor(name: string, shape: readonly number[], random: () => number): NamedTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = new Float32Array(size);
  if (/norm\d?\.weight$/.test(name)) data.fill(1);
  else if (!name.endsWith(".bias")) {
    const inputs = shape.slice(1).reduce((product, length) => product * length, 1);
    const deviation = /(embed_tokens|position_embedding)\.weight$/.test(name) ? 0.3 : 0.7 / Math.sqrt(inputs);
    for (let index = 0; index < size; index++) data[index] = deviation * Math.sqrt(3) * (2 * random() - 1);
  }
  return { shape, data };
}

/** Writes a checkpoint with seeded random weights, in Hugging Face's layout, unless it is there. @returns its directory. */
export async function writeModel(plan: ModelPlan, parent: string): Promise<string> {
  const directory = join(parent, plan.name);
  try {
    await readFile(join(directory, "model.safetensors"), { flag: "r" }).then(() => undefined);
    return directory;
  } catch {
    // Not made yet.
  }
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const write = (name: string, content: object) => writeFile(join(unfinished, name), JSON.stringify(content, null, 2));
  const size = imageSize(plan);
  const config = await configOf(plan);
  const edges = { size: { longest_edge: size }, max_image_size: { longest_edge: size } };
  await write("config.json", config);
  await write("tokenizer.json", await tokenizerOf());
  await write("tokenizer_config.json", { ...(await readJson("tokenizer_config.json")), model_max_length: 2048 });
  await write("preprocessor_config.json", { ...(await readJson("preprocessor_config.json")), ...edges });
  await write("processor_config.json", { image_seq_len: plan.imageTokens, processor_class: "SmolVLMProcessor" });
  for (const name of ["chat_template.jinja", "generation_config.json"]) {
    await cp(join(checkpointDirectory, name), join(unfinished, name));
  }
  const random = uniformGenerator(1);
  const shapes = weightShapes(parseModelConfig(JSON.stringify(config), join(unfinished, "config.json")));
  await writeModelWeights(
    unfinished,
    new Map(shapes.map(({ name, shape }) => [name, initialTensor(name, shape, random)])),
  );
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
  return directory;
}
