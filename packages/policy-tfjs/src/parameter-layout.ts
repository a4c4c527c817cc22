import { FoveaError } from "@fovea-rl/core/fovea-error";
import type { ModelConfig } from "./model-config.ts";
import type { StoredTensors } from "./safetensors.ts";
import { shapeSize } from "./shape-size.ts";

/**
 * How a parameter of the engine is made of tensors in Hugging Face's layout. Linear weights are stored `[in, out]` here (theirs
 * are `[out, in]`), because that is what the backends multiply fastest, and query, key and value projections lie side by side in
 * one kernel, because one product is faster than three.
 */
export interface ParameterLayout {
  readonly name: string;
  readonly shape: readonly number[];
  /** `columns`: transposed and side by side; `rows`: as they are, one after the other. */
  readonly arrangement: "columns" | "rows";
  readonly sources: readonly ParameterSource[];
}

export interface ParameterSource {
  /** Name in the checkpoint. */
  readonly name: string;
  /** Shape in the checkpoint. */
  readonly shape: readonly number[];
}

/** A linear kernel `[in, sum of outs]` out of weights `[out, in]`. */
function kernel(name: string, inputs: number, ...sources: readonly [string, number][]): ParameterLayout {
  return {
    name,
    shape: [inputs, sources.reduce((sum, [, outputs]) => sum + outputs, 0)],
    arrangement: "columns",
    sources: sources.map(([source, outputs]) => ({ name: source, shape: [outputs, inputs] })),
  };
}

function vector(name: string, ...sources: readonly [string, number][]): ParameterLayout {
  return {
    name,
    shape: [sources.reduce((sum, [, length]) => sum + length, 0)],
    arrangement: "rows",
    sources: sources.map(([source, length]) => ({ name: source, shape: [length] })),
  };
}

function table(name: string, source: string, shape: readonly number[]): ParameterLayout {
  return { name, shape, arrangement: "rows", sources: [{ name: source, shape }] };
}

/** Where a checkpoint keeps the text model: inside a vision-language model, or alone (LlamaForCausalLM). */
function textPrefix(config: ModelConfig): string {
  return config.vision === undefined ? "model" : "model.text_model";
}

function visionLayouts(config: ModelConfig): ParameterLayout[] {
  const { vision, text } = config;
  if (vision === undefined) return [];
  const width = vision.hiddenSize;
  const root = "model.vision_model";
  const patches = (vision.imageSize / vision.patchSize) ** 2;
  const patchShape = [width, 3, vision.patchSize, vision.patchSize];
  const layers = Array.from({ length: vision.layers }, (_, index): ParameterLayout[] => {
    const layer = `${root}.encoder.layers.${index}`;
    const own = `vision.${index}`;
    const projections = ["q_proj", "k_proj", "v_proj"].map((name) => `${layer}.self_attn.${name}`);
    return [
      vector(`${own}.norm1.weight`, [`${layer}.layer_norm1.weight`, width]),
      vector(`${own}.norm1.bias`, [`${layer}.layer_norm1.bias`, width]),
      kernel(`${own}.qkv.kernel`, width, ...projections.map((name): [string, number] => [`${name}.weight`, width])),
      vector(`${own}.qkv.bias`, ...projections.map((name): [string, number] => [`${name}.bias`, width])),
      kernel(`${own}.out.kernel`, width, [`${layer}.self_attn.out_proj.weight`, width]),
      vector(`${own}.out.bias`, [`${layer}.self_attn.out_proj.bias`, width]),
      vector(`${own}.norm2.weight`, [`${layer}.layer_norm2.weight`, width]),
      vector(`${own}.norm2.bias`, [`${layer}.layer_norm2.bias`, width]),
      kernel(`${own}.expand.kernel`, width, [`${layer}.mlp.fc1.weight`, vision.intermediateSize]),
      vector(`${own}.expand.bias`, [`${layer}.mlp.fc1.bias`, vision.intermediateSize]),
      kernel(`${own}.contract.kernel`, vision.intermediateSize, [`${layer}.mlp.fc2.weight`, width]),
      vector(`${own}.contract.bias`, [`${layer}.mlp.fc2.bias`, width]),
    ];
  });
  const patchInputs = shapeSize(patchShape.slice(1));
  return [
    {
      name: "vision.patch.kernel",
      shape: [patchInputs, width],
      arrangement: "columns",
      sources: [{ name: `${root}.embeddings.patch_embedding.weight`, shape: patchShape }],
    },
    vector("vision.patch.bias", [`${root}.embeddings.patch_embedding.bias`, width]),
    table("vision.positions", `${root}.embeddings.position_embedding.weight`, [patches, width]),
    ...layers.flat(),
    vector("vision.norm.weight", [`${root}.post_layernorm.weight`, width]),
    vector("vision.norm.bias", [`${root}.post_layernorm.bias`, width]),
    kernel("connector.kernel", width * config.scaleFactor ** 2, [
      "model.connector.modality_projection.proj.weight",
      text.hiddenSize,
    ]),
  ];
}

function textLayouts(config: ModelConfig): ParameterLayout[] {
  const { text } = config;
  const root = textPrefix(config);
  const width = text.hiddenSize;
  const queries = text.heads * text.headDimension;
  const keyValues = text.keyValueHeads * text.headDimension;
  const layers = Array.from({ length: text.layers }, (_, index): ParameterLayout[] => {
    const layer = `${root}.layers.${index}`;
    const own = `text.${index}`;
    return [
      vector(`${own}.norm1.weight`, [`${layer}.input_layernorm.weight`, width]),
      kernel(
        `${own}.qkv.kernel`,
        width,
        [`${layer}.self_attn.q_proj.weight`, queries],
        [`${layer}.self_attn.k_proj.weight`, keyValues],
        [`${layer}.self_attn.v_proj.weight`, keyValues],
      ),
      kernel(`${own}.out.kernel`, queries, [`${layer}.self_attn.o_proj.weight`, width]),
      vector(`${own}.norm2.weight`, [`${layer}.post_attention_layernorm.weight`, width]),
      kernel(`${own}.gate.kernel`, width, [`${layer}.mlp.gate_proj.weight`, text.intermediateSize]),
      kernel(`${own}.up.kernel`, width, [`${layer}.mlp.up_proj.weight`, text.intermediateSize]),
      kernel(`${own}.down.kernel`, text.intermediateSize, [`${layer}.mlp.down_proj.weight`, width]),
    ];
  });
  return [
    table("text.embedding", `${root}.embed_tokens.weight`, [text.vocabularySize, width]),
    ...layers.flat(),
    vector("text.norm.weight", [`${root}.norm.weight`, width]),
    ...(text.tieWordEmbeddings ? [] : [kernel("head.kernel", width, ["lm_head.weight", text.vocabularySize])]),
  ];
}

/** Every parameter of a model, in a fixed order. */
export function parameterLayouts(config: ModelConfig): readonly ParameterLayout[] {
  return [...visionLayouts(config), ...textLayouts(config)];
}

/** Reads the values of one parameter, in its own layout. */
export type ReadParameter = (layout: ParameterLayout) => Promise<Float32Array>;

/**
 * Parameters out of a checkpoint's tensors, each put together when it is asked for.
 *
 * @param origin the file that they are from, to name in errors.
 * @throws FoveaError at once if one of them is missing or has another shape than the config asks for.
 */
export function parameterReader(config: ModelConfig, tensors: StoredTensors, origin: string): ReadParameter {
  for (const { name, shape } of parameterLayouts(config).flatMap(({ sources }) => sources)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new FoveaError(`${origin} lacks the tensor "${name}"`);
    if (tensor.shape.join() !== shape.join()) {
      throw new FoveaError(
        `${origin}: the tensor "${name}" has shape [${tensor.shape}], but the config asks for [${shape}]`,
      );
    }
  }
  return (layout) => assembleParameter(layout, tensors);
}

async function assembleParameter(layout: ParameterLayout, tensors: StoredTensors): Promise<Float32Array> {
  if (layout.arrangement === "rows" && layout.sources.length === 1) return tensors.get(layout.sources[0]!.name)!.read();
  const values = new Float32Array(shapeSize(layout.shape));
  let offset = 0;
  for (const { name, shape } of layout.sources) {
    const data = await tensors.get(name)!.read();
    if (layout.arrangement === "rows") {
      values.set(data, offset);
      offset += data.length;
      continue;
    }
    const [inputs, columns] = layout.shape as [number, number];
    const outputs = shape[0]!;
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < inputs; input++) {
        values[input * columns + offset + output] = data[output * inputs + input]!;
      }
    }
    offset += outputs;
  }
  return values;
}

/** The checkpoint's tensor out of a parameter that one of its sources is: the inverse of what {@link parameterReader} does. */
export function disassembleParameter(
  { arrangement, shape, sources }: ParameterLayout,
  values: Float32Array,
  source: ParameterSource,
): Float32Array {
  const before = sources.slice(0, sources.indexOf(source));
  const size = shapeSize(source.shape);
  if (arrangement === "rows") {
    const offset = before.reduce((sum, { shape }) => sum + shapeSize(shape), 0);
    return values.slice(offset, offset + size);
  }
  const offset = before.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const [inputs, columns] = shape as [number, number];
  const data = new Float32Array(size);
  for (let output = 0; output < source.shape[0]!; output++) {
    for (let input = 0; input < inputs; input++) {
      data[output * inputs + input] = values[input * columns + offset + output]!;
    }
  }
  return data;
}
