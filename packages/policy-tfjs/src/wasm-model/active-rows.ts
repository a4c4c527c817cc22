import { type DecoderPass, decoderShape, type LayerTape } from "./decoder.ts";
import { RowSelection } from "./row-selection.ts";
import type { WasmModel } from "./wasm-model.ts";

/**
 * The rows of a pass that a gradient runs through. Where a token carries none (VPPO's mask, a rollout without advantage, a
 * clipped ratio) its row enters the last layer only as keys and values, and nothing that comes after a response's last active row
 * has a gradient at all.
 */
export interface ActiveRows {
  /** The pass with these rows alone. */
  readonly pass: DecoderPass;
  /** Which rows of the whole pass they are; `undefined` for all. */
  readonly kept: { readonly rows: readonly number[]; readonly selection: RowSelection } | undefined;
  /** Which of these have a gradient where the last layer ends; `undefined` for all. */
  readonly outputs: RowSelection | undefined;
}

/** All rows of a pass over prompts, of which each prompt's last leaves the last layer. */
export function promptRows(model: WasmModel, pass: DecoderPass): ActiveRows {
  const outputs = Int32Array.from(pass.sequences, ({ row, length }) => row + length - 1);
  return { pass, kept: undefined, outputs: new RowSelection(model.kernels, outputs) };
}

/** Above this share of rows leaving the others out costs more than it saves: what is left must be copied together. */
const WORTH_KEEPING_APART = 0.75;

/** @param isActive whether a row has a gradient where the last layer ends. */
export function activeRows(model: WasmModel, pass: DecoderPass, isActive: (row: number) => boolean): ActiveRows {
  const { kernels } = model;
  const sequences = pass.sequences.map(({ row, length, prompt }) => {
    let active = length;
    while (active > 0 && !isActive(row + active - 1)) active--;
    return { row, length: active, prompt };
  });
  const keptRows = sequences.flatMap(({ row, length }) => Array.from({ length }, (_, place) => row + place));
  const all = keptRows.length > WORTH_KEEPING_APART * pass.rows;
  const rows = all ? [...Array(pass.rows).keys()] : keptRows;
  const outputs = rows.flatMap((row, index) => (isActive(row) ? [index] : []));
  const selected = outputs.length === rows.length ? undefined : new RowSelection(kernels, Int32Array.from(outputs));
  if (all) return { pass, kept: undefined, outputs: selected };
  let first = 0;
  const closed = sequences.flatMap(({ length, prompt }) => {
    if (length === 0) return [];
    first += length;
    return [{ row: first - length, length, prompt }];
  });
  const kept = new RowSelection(kernels, Int32Array.from(keptRows));
  const keptPass = { ...pass, rows: rows.length, sequences: closed, positions: kept.gather(pass.positions, 1) };
  return { pass: keptPass, kept: { selection: kept, rows: keptRows }, outputs: selected };
}

/** A layer's tape for the kept rows. */
export function keptTape(model: WasmModel, tape: LayerTape, { kept }: ActiveRows): LayerTape {
  if (kept === undefined) return tape;
  const { selection } = kept;
  return {
    ...outputTape(model, tape, selection),
    input: selection.gather(tape.input, model.config.text.hiddenSize),
    inputInverses: selection.gather(tape.inputInverses, 1),
    projected: selection.gather(tape.projected, decoderShape(model).stride),
  };
}

/** What a layer's tape says of some of the rows that leave it. */
export function outputTape(model: WasmModel, tape: LayerTape, selection: RowSelection): LayerTape {
  const { heads, headDimension } = decoderShape(model);
  const { hiddenSize, intermediateSize } = model.config.text;
  return {
    ...tape,
    attended: selection.gather(tape.attended, heads * headDimension),
    normalisers: selection.gather(tape.normalisers, heads),
    middle: selection.gather(tape.middle, hiddenSize),
    middleInverses: selection.gather(tape.middleInverses, 1),
    gated: selection.gather(tape.gated, intermediateSize),
    raised: selection.gather(tape.raised, intermediateSize),
    outputs: selection.count,
  };
}
