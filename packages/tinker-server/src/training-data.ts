import type { Datum } from "@fovea-rl/tinker-protocol";
import type { FlatInput, ModelInputReader } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";

/** A datum split where its log-probabilities begin: prefix of P tokens, then T tokens that are scored. */
export interface TrainingDatum {
  readonly input: FlatInput;
  /** P: what is shared by data with the same `prefixDigest`. */
  readonly prefixLength: number;
  readonly prefixDigest: string;
  /** `[T]`: the input behind the prefix, and the last target. */
  readonly response: Int32Array;
  /** L = P - 1 + T. */
  readonly length: number;
  /** Loss inputs by name, `[L]` each. */
  readonly lossInputs: Readonly<Record<string, readonly number[]>>;
}

/**
 * Finds what of a datum is prefix and what is scored.
 *
 * @throws RequestError 400 naming the field of the datum that does not fit.
 */
export async function readTrainingDatum(reader: ModelInputReader, datum: Datum, index: number): Promise<TrainingDatum> {
  const refuse = (problem: string): never => {
    throw new RequestError(400, `data[${index}]: ${problem}`);
  };
  const input = await reader.read(datum.model_input);
  const length = input.tokens.length;
  const lossInputs: Record<string, readonly number[]> = {};
  for (const [name, { data }] of Object.entries(datum.loss_fn_inputs)) {
    if (data.length !== length) refuse(`${name} has ${data.length} values, but model_input has ${length} tokens`);
    lossInputs[name] = data;
  }
  const targets = lossInputs["target_tokens"] ?? refuse("loss_fn_inputs.target_tokens is missing");
  const { length: prefixLength, digest: prefixDigest } = await reader.readPrefix(
    datum.model_input,
    input,
    datum.fovea_prefix_chunks,
  );
  const response = new Int32Array(length - prefixLength + 1);
  for (let place = prefixLength - 1; place < length; place++) {
    const target = targets[place]!;
    if (place + 1 < length && target !== input.tokens[place + 1]) {
      refuse(`target_tokens[${place}] is ${target}, but the token that follows is ${input.tokens[place + 1]}`);
    }
    response[place - prefixLength + 1] = target;
  }
  for (const name of ["weights", "advantages"]) {
    const place = lossInputs[name]?.slice(0, prefixLength - 1).findIndex((value) => value !== 0) ?? -1;
    if (place >= 0) {
      refuse(
        `${name}[${place}] is not 0, but positions before ${prefixLength - 1} (the prompt's images) cannot be trained on`,
      );
    }
  }
  return {
    input,
    prefixLength,
    prefixDigest,
    response,
    length,
    lossInputs,
  };
}
