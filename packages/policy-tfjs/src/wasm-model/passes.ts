import type { GradientPass, ScorePass, ScoreResult } from "../passes.ts";
import { headDistributions, headGradient, headLogprobs, tokensTape } from "./head.ts";
import type { Address } from "./kernel-exports.ts";
import { ParameterGradients } from "./parameter-gradients.ts";
import { type PlacedResponse, responsesGradient, runResponses } from "./response-pass.ts";
import type { WasmModel } from "./wasm-model.ts";

/** From log-probabilities `[N * T]` of a batch to dLoss/dlogprobs. */
export type LossGradient = (logprobs: Float32Array, shape: readonly [number, number]) => Float32Array;

/** Visits the tokens of responses one after the other: the row of a padded batch (g * B + b), the place in it, and the flat index. */
function forEachResponse(
  responses: readonly PlacedResponse[],
  prompts: number,
  visit: (row: number, first: number, length: number) => void,
): void {
  let first = 0;
  for (const { prompt, sample, tokens } of responses) {
    visit(sample * prompts + prompt, first, tokens.length);
    first += tokens.length;
  }
}

function longest(pass: Pick<ScorePass, "responses">): number {
  return Math.max(1, ...pass.responses.flat().map((tokens) => tokens.length));
}

function rowsOf(pass: Pick<ScorePass, "responses">): number {
  return pass.responses.length * Math.max(0, ...pass.responses.map((group) => group.length));
}

/** Log-probabilities of responses. Padding holds 0. */
export function scoreInWasm(model: WasmModel, pass: ScorePass): ScoreResult {
  const vocabulary = pass.distributions ? model.config.text.vocabularySize : 1;
  const length = longest(pass);
  const values = new Float32Array(rowsOf(pass) * length * vocabulary);
  model.kernels.scoped(() => {
    const { responses, states, targets } = runResponses(model, pass, false);
    const scatter = (flat: Float32Array, from: number): void => {
      const until = from + flat.length / vocabulary;
      forEachResponse(responses, pass.prompts.length, (row, first, count) => {
        const begin = Math.max(first, from);
        const end = Math.min(first + count, until);
        if (begin >= end) return;
        const part = flat.subarray((begin - from) * vocabulary, (end - from) * vocabulary);
        values.set(part, (row * length + begin - first) * vocabulary);
      });
    };
    if (pass.distributions) headDistributions(model, states, targets.length, pass.temperature, scatter);
    else scatter(headLogprobs(model, states, targets, pass.temperature).logprobs, 0);
  });
  return { values, length };
}

/**
 * The gradient of a loss of the responses' log-probabilities.
 *
 * @param into room for dLoss/dparameter of all parameters, laid out as their values are; written over.
 */
export function differentiateInWasm(
  model: WasmModel,
  pass: GradientPass,
  lossGradient: LossGradient,
  into: Address,
): undefined {
  const length = longest(pass);
  // The loss's order of rows, from the batch's.
  const placeOf = new Map([...pass.rows].map((row, place) => [row, place]));
  model.kernels.scoped(() => {
    const run = runResponses(model, pass, true);
    const { logprobs, tape } = headLogprobs(model, run.states, run.targets, pass.temperature);
    const padded = new Float32Array(pass.rows.length * length);
    forEachResponse(run.responses, pass.prompts.length, (row, first, count) => {
      padded.set(logprobs.subarray(first, first + count), placeOf.get(row)! * length);
    });
    const slopes = lossGradient(padded, [pass.rows.length, length]);
    const flat = new Float32Array(logprobs.length);
    forEachResponse(run.responses, pass.prompts.length, (row, first, count) => {
      const start = placeOf.get(row)! * length;
      flat.set(slopes.subarray(start, start + count), first);
    });
    // Tokens that the loss does not depend on need no gradient: VPPO masks most, and a group that agrees has no advantage.
    const active = Int32Array.from(flat.keys()).filter((token) => flat[token] !== 0);
    const sums = new ParameterGradients(model, into);
    if (active.length === 0) return;
    const states = headGradient(
      model,
      tokensTape(model, tape, active),
      Float32Array.from(active, (token) => flat[token]!),
      sums,
    );
    responsesGradient(model, run, active, states, sums);
  });
}
