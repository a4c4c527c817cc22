import { normalise } from "./decoder.ts";
import { normaliseGradient } from "./decoder-gradient.ts";
import type { Address } from "./kernel-exports.ts";
import type { ParameterGradients } from "./parameter-gradients.ts";
import { RowSelection } from "./row-selection.ts";
import type { WasmModel } from "./wasm-model.ts";

/** Logits that are in memory at once: a large vocabulary's are made for some rows at a time. */
const LOGITS_AT_ONCE = 1 << 20;

/** What the head's gradient needs; rows are predicted tokens. */
export interface HeadTape {
  readonly states: Address;
  readonly inverses: Address;
  readonly normalised: Address;
  readonly targets: Address;
  readonly normalisers: Address;
  readonly rows: number;
  readonly temperature: number;
}

/** Runs of rows whose logits are in memory at once. */
function* chunks(rows: number, vocabulary: number): Generator<{ readonly first: number; readonly count: number }> {
  const most = Math.max(1, Math.floor(LOGITS_AT_ONCE / vocabulary));
  for (let first = 0; first < rows; first += most) yield { first, count: Math.min(most, rows - first) };
}

function normaliseStates(
  model: WasmModel,
  states: Address,
  rows: number,
): { readonly normalised: Address; readonly inverses: Address } {
  const { kernels, config } = model;
  const normalised = kernels.allocate(rows * config.text.hiddenSize);
  const inverses = kernels.allocate(rows);
  normalise(model, states, "text.norm.weight", normalised, inverses, rows);
  return { normalised, inverses };
}

/** Logits `[rows, vocabulary]` of states before the final norm; for few rows. */
export function headLogits(model: WasmModel, states: Address, rows: number): Address {
  const { normalised } = normaliseStates(model, states, rows);
  const logits = model.kernels.allocate(rows * model.config.text.vocabularySize);
  model.linear(normalised, "head.kernel", logits, rows);
  return logits;
}

/** Natural log-probabilities `[rows]` of given tokens, and what the gradient needs. */
export function headLogprobs(
  model: WasmModel,
  states: Address,
  targets: Int32Array,
  temperature: number,
): { readonly logprobs: Float32Array; readonly tape: HeadTape } {
  const { kernels, config } = model;
  const { hiddenSize, vocabularySize } = config.text;
  const rows = targets.length;
  const { normalised, inverses } = normaliseStates(model, states, rows);
  const targetPlaces = kernels.place(targets);
  const normalisers = kernels.allocate(rows);
  const logprobs = kernels.allocate(rows);
  for (const { first, count } of chunks(rows, vocabularySize)) {
    kernels.scoped(() => {
      const logits = kernels.allocate(count * vocabularySize);
      model.linear(normalised + 4 * first * hiddenSize, "head.kernel", logits, count);
      kernels.run.tokenLogprobs(
        logits,
        targetPlaces + 4 * first,
        logprobs + 4 * first,
        normalisers + 4 * first,
        count,
        vocabularySize,
        1 / temperature,
      );
    });
  }
  const tape = { states, inverses, normalised, targets: targetPlaces, normalisers, rows, temperature };
  return { logprobs: kernels.floats(logprobs, rows).slice(), tape };
}

/** Natural log-probabilities of the whole vocabulary, `[rows, vocabulary]`, handed over some rows at a time. */
export function headDistributions(
  model: WasmModel,
  states: Address,
  rows: number,
  temperature: number,
  take: (values: Float32Array, firstRow: number) => void,
): void {
  const { kernels, config } = model;
  const { hiddenSize, vocabularySize } = config.text;
  const { normalised } = normaliseStates(model, states, rows);
  for (const { first, count } of chunks(rows, vocabularySize)) {
    kernels.scoped(() => {
      const logits = kernels.allocate(count * vocabularySize);
      model.linear(normalised + 4 * first * hiddenSize, "head.kernel", logits, count);
      kernels.run.logDistributions(logits, count, vocabularySize, 1 / temperature);
      take(kernels.floats(logits, count * vocabularySize), first);
    });
  }
}

/** The tape of some of the predicted tokens. */
export function tokensTape(model: WasmModel, tape: HeadTape, tokens: Int32Array): HeadTape {
  if (tokens.length === tape.rows) return tape;
  const { hiddenSize } = model.config.text;
  const selection = new RowSelection(model.kernels, tokens);
  return {
    states: selection.gather(tape.states, hiddenSize),
    inverses: selection.gather(tape.inverses, 1),
    normalised: selection.gather(tape.normalised, hiddenSize),
    targets: selection.gather(tape.targets, 1),
    normalisers: selection.gather(tape.normalisers, 1),
    rows: tokens.length,
    temperature: tape.temperature,
  };
}

/** Adds to the head and the final norm. @param gradients `[rows]` dLoss/dlogprob. @returns dLoss/dstates. */
export function headGradient(
  model: WasmModel,
  tape: HeadTape,
  gradients: Float32Array,
  sums: ParameterGradients,
): Address {
  const { kernels, config } = model;
  const { hiddenSize, vocabularySize, tieWordEmbeddings } = config.text;
  const { rows, normalised, temperature } = tape;
  const states = kernels.zeros(rows * hiddenSize);
  kernels.scoped(() => {
    const slopes = kernels.place(gradients);
    const normalisedGradient = kernels.allocate(rows * hiddenSize);
    for (const { first, count } of chunks(rows, vocabularySize)) {
      kernels.scoped(() => {
        const inputs = normalised + 4 * first * hiddenSize;
        const logits = kernels.allocate(count * vocabularySize);
        model.linear(inputs, "head.kernel", logits, count);
        kernels.run.logitGradient(
          logits,
          tape.targets + 4 * first,
          tape.normalisers + 4 * first,
          slopes + 4 * first,
          count,
          vocabularySize,
          1 / temperature,
        );
        if (tieWordEmbeddings) {
          sums.addProducts(logits, count, vocabularySize, [
            { dy: inputs, outputs: hiddenSize, kernel: "text.embedding" },
          ]);
        } else {
          sums.addProducts(inputs, count, hiddenSize, [{ dy: logits, outputs: vocabularySize, kernel: "head.kernel" }]);
        }
        model.linearGradient(logits, "head.kernel", normalisedGradient + 4 * first * hiddenSize, count);
      });
    }
    normaliseGradient(model, tape.states, "text.norm.weight", tape.inverses, normalisedGradient, states, rows, sums);
  });
  return states;
}
