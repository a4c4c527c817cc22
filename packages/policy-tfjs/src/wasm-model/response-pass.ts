import type { ResponsePass } from "../passes.ts";
import { activeRows } from "./active-rows.ts";
import { type DecoderPass, decode, type LayerTape, type Sequence } from "./decoder.ts";
import { allocatePromptGradients, decodeGradient } from "./decoder-gradient.ts";
import type { Address } from "./kernel-exports.ts";
import type { ParameterGradients } from "./parameter-gradients.ts";
import { type PromptPass, promptGradient, runPrompts } from "./prompt-pass.ts";
import { rotaryPositions } from "./rotary-positions.ts";
import type { WasmModel } from "./wasm-model.ts";

/** A response among those of a pass: sample g of prompt b. */
export interface PlacedResponse {
  readonly prompt: number;
  readonly sample: number;
  readonly tokens: Int32Array;
}

/** What came of a pass over prompts and their responses. */
export interface ResponsesPass {
  readonly prompts: PromptPass;
  readonly responses: readonly PlacedResponse[];
  readonly decoder: DecoderPass;
  readonly layers: readonly LayerTape[];
  /** Input tokens of all responses, one after the other: all but the last of each. */
  readonly inputs: Int32Array;
  /** `[tokens, hiddenSize]`, what predicts each token of each response, one response after the other. */
  readonly states: Address;
  /** `[tokens]` */
  readonly targets: Int32Array;
}

/** Runs prompts and responses up to the states before the final norm. @param keep whether the gradient will be asked for. */
export function runResponses(model: WasmModel, pass: ResponsePass, keep: boolean): ResponsesPass {
  const { kernels, config } = model;
  const { hiddenSize } = config.text;
  // Empty responses have no tokens, and so no place here.
  const responses = pass.responses.flatMap((group, prompt) =>
    group
      .map((tokens, sample): PlacedResponse => ({ prompt, sample, tokens }))
      .filter(({ tokens }) => tokens.length > 0),
  );
  const lengths = pass.prompts.map(({ tokens }) => tokens.length);
  const rotary = rotaryPositions(
    model,
    Math.max(...lengths, ...responses.map(({ prompt, tokens }) => lengths[prompt]! + tokens.length)),
  );
  const prompts = runPrompts(model, pass.prompts, rotary, keep);
  const sequences: Sequence[] = [];
  const positions: number[] = [];
  const inputs: number[] = [];
  for (const { prompt, tokens } of responses) {
    sequences.push({ row: inputs.length, length: tokens.length - 1, prompt });
    tokens.subarray(0, -1).forEach((token, place) => {
      inputs.push(token);
      positions.push(lengths[prompt]! + place);
    });
  }
  const rows = inputs.length;
  const table = model.values("text.embedding");
  const embedded = kernels.allocate(rows * hiddenSize);
  const sources = Uint32Array.from(inputs, (token) => table + 4 * token * hiddenSize);
  kernels.scoped(() => kernels.run.copyRows(kernels.place(sources), embedded, rows, hiddenSize));
  const decoder: DecoderPass = {
    rows,
    sequences: sequences.filter(({ length }) => length > 0),
    positions: kernels.place(Int32Array.from(positions)),
    rotary,
    prompts: prompts.decoder.prompts,
    isPrefix: false,
  };
  const layers: LayerTape[] = [];
  const ownStates = rows === 0 ? embedded : decode(model, embedded, decoder, keep ? layers : undefined);
  const predictors = responses.flatMap(({ prompt, tokens }, index) =>
    Array.from(tokens, (_, place) =>
      place === 0
        ? prompts.states + 4 * prompt * hiddenSize
        : ownStates + 4 * (sequences[index]!.row + place - 1) * hiddenSize,
    ),
  );
  const states = kernels.allocate(predictors.length * hiddenSize);
  const predictorPlaces = kernels.place(Uint32Array.from(predictors));
  kernels.run.copyRows(predictorPlaces, states, predictors.length, hiddenSize);
  return {
    prompts,
    responses,
    decoder,
    layers,
    inputs: Int32Array.from(inputs),
    states,
    targets: Int32Array.from(responses.flatMap(({ tokens }) => [...tokens])),
  };
}

/**
 * Adds to all parameters but the head and the final norm.
 *
 * @param tokens which predicted tokens have a gradient, ascending, in the order of `states`.
 * @param gradient dLoss/dstates of those, `[tokens, hiddenSize]`.
 */
export function responsesGradient(
  model: WasmModel,
  pass: ResponsesPass,
  tokens: Int32Array,
  gradient: Address,
  sums: ParameterGradients,
): void {
  const { kernels, config } = model;
  const { hiddenSize } = config.text;
  const { prompts, decoder, inputs } = pass;
  // What predicts a first token is the prompt's; all others are the responses' own rows, in order.
  const predictingPrompts = pass.responses.flatMap(({ prompt, tokens }) =>
    Array.from(tokens, (_, place) => (place === 0 ? prompt : undefined)),
  );
  const carriers = new Set(tokens);
  const carries = predictingPrompts.flatMap((prompt, token) => (prompt === undefined ? [carriers.has(token)] : []));
  const active = activeRows(model, decoder, (row) => carries[row]!);
  const outputs = active.outputs?.count ?? active.pass.rows;
  const ownGradient = kernels.zeros(outputs * hiddenSize);
  const promptStates = kernels.zeros(prompts.decoder.sequences.length * hiddenSize);
  kernels.scoped(() => {
    let output = 0;
    const targets = Uint32Array.from(tokens, (token) => {
      const prompt = predictingPrompts[token];
      return prompt === undefined ? ownGradient + 4 * output++ * hiddenSize : promptStates + 4 * prompt * hiddenSize;
    });
    kernels.run.addRows(gradient, kernels.place(targets), tokens.length, hiddenSize);
  });
  const promptGradients = allocatePromptGradients(model, prompts.decoder);
  if (active.pass.rows > 0) {
    kernels.scoped(() => {
      const embedded = decodeGradient(model, active, pass.layers, ownGradient, promptGradients, sums);
      const table = sums.of("text.embedding");
      const kept = active.kept === undefined ? inputs : active.kept.rows.map((row) => inputs[row]!);
      const words = Uint32Array.from(kept, (word) => table + 4 * word * hiddenSize);
      kernels.run.addRows(embedded, kernels.place(words), active.pass.rows, hiddenSize);
    });
  }
  promptGradient(model, prompts, promptStates, promptGradients, sums);
}
