import type { ScoreRequest } from "@fovea-rl/core";
import { type GroupPart, planMicroBatches } from "./micro-batch-plan.ts";
import type { ResponsePass } from "./passes.ts";
import type { ModelPrompt } from "./token-batch.ts";

/** A response of the requests, and the row of its micro-batch's pass that holds it. */
export interface ResponseRow {
  readonly group: number;
  readonly response: number;
  readonly row: number;
}

/** One pass, and which responses it holds. */
export interface MicroBatch {
  readonly pass: ResponsePass;
  readonly rows: readonly ResponseRow[];
}

/**
 * The passes that score or differentiate responses.
 *
 * @param prompts the requests' prompts, encoded.
 */
export function createMicroBatches(
  requests: readonly ScoreRequest[],
  prompts: readonly ModelPrompt[],
  maximumTokens: number,
  temperature: number,
): MicroBatch[] {
  const sizes = requests.map(({ responses }, group) => ({
    promptLength: prompts[group]!.tokens.length,
    responseLengths: responses.map((tokens) => tokens.length),
  }));
  return planMicroBatches(sizes, maximumTokens).map((parts) => ({
    pass: {
      prompts: parts.map(({ group }) => prompts[group]!),
      responses: parts.map(({ group, responses }) => responses.map((index) => requests[group]!.responses[index]!)),
      temperature,
    },
    rows: responseRows(parts),
  }));
}

/** Sample g of the b-th of B parts is row g * B + b. */
function responseRows(parts: readonly GroupPart[]): ResponseRow[] {
  return parts.flatMap(({ group, responses }, place) =>
    responses.map((response, sample) => ({ group, response, row: sample * parts.length + place })),
  );
}
