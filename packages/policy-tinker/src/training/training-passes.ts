import { type Cancellable, FoveaError } from "@fovea-rl/core";
import { forwardResultSchema } from "@fovea-rl/tinker-protocol";
import { RefusedError } from "../connection/connection-error.ts";
import type { TrainedModel } from "../trained-model.ts";
import { buildDatum, type PromptedResponse, responsePart } from "./build-datum.ts";
import type { BuiltInForm } from "./built-in-form.ts";
import { passTokens, type UsageMeter } from "./usage.ts";

/** Loss inputs of one pass, `[responses][T]` each. */
type PassInputs = Readonly<Record<string, readonly ArrayLike<number>[]>>;

interface Pass {
  readonly path: "/forward" | "/forward_backward";
  readonly lossFunction: string;
  readonly inputs: PassInputs;
  readonly config?: Readonly<Record<string, number>> | undefined;
}

/** Passes of the trained model over responses, in requests of limited size. */
export class TrainingPasses {
  readonly #model: TrainedModel;
  readonly #usage: UsageMeter;
  readonly #dataPerRequest: number;

  constructor(model: TrainedModel, usage: UsageMeter, dataPerRequest: number) {
    this.#model = model;
    this.#usage = usage;
    this.#dataPerRequest = dataPerRequest;
  }

  /** What is accumulated is part of a gradient, or one that nobody wants: only a checkpoint goes on from here. */
  doubt(reason: string): void {
    this.#model.channel.doubt(reason);
  }

  /** Log-probabilities without a gradient, `[responses][T]`. */
  async forward(responses: readonly PromptedResponse[], options: Cancellable = {}): Promise<Float32Array[]> {
    const weights = responses.map(({ tokens }) => new Float32Array(tokens.length).fill(1));
    const pass: Pass = { path: "/forward", lossFunction: "cross_entropy", inputs: { weights } };
    const logprobs = await this.#run(pass, responses, options);
    this.#usage.add({ scored: passTokens(responses) });
    return logprobs;
  }

  /** Accumulates the gradient whose derivative by each log-probability is given: cross-entropy with weights of minus that. */
  async backward(
    responses: readonly PromptedResponse[],
    gradients: readonly Float32Array[],
    options: Cancellable = {},
  ): Promise<void> {
    const weights = gradients.map((row) => row.map((value) => -value));
    await this.#gradient(
      { path: "/forward_backward", lossFunction: "cross_entropy", inputs: { weights } },
      responses,
      options,
    );
  }

  /** Accumulates the gradient of a loss of the server's own. @returns log-probabilities, `[responses][T]`. */
  builtIn(
    responses: readonly PromptedResponse[],
    behaviourLogprobs: readonly Float32Array[],
    { lossFunction, thresholds, advantages }: BuiltInForm,
    options: Cancellable = {},
  ): Promise<Float32Array[]> {
    const config = Object.keys(thresholds).length === 0 ? undefined : (thresholds as Record<string, number>);
    const inputs = { logprobs: behaviourLogprobs, advantages };
    return this.#gradient({ path: "/forward_backward", lossFunction, inputs, config }, responses, options);
  }

  async #gradient(pass: Pass, responses: readonly PromptedResponse[], options: Cancellable): Promise<Float32Array[]> {
    try {
      const logprobs = await this.#run(pass, responses, options);
      this.#usage.add({ trained: passTokens(responses) });
      return logprobs;
    } catch (error) {
      // A lone request that is refused leaves nothing; of several, others may have been accumulated.
      const isWhole = error instanceof RefusedError && responses.length <= this.#dataPerRequest;
      if (!isWhole) this.doubt((error as Error).message);
      throw error;
    }
  }

  async #run(
    { path, lossFunction, inputs, config }: Pass,
    responses: readonly PromptedResponse[],
    { signal }: Cancellable,
  ): Promise<Float32Array[]> {
    const { channel, lineage, session } = this.#model;
    const marksPrefix = session.extension?.prefix_chunks ?? false;
    const size = this.#dataPerRequest;
    const starts = Array.from({ length: Math.ceil(responses.length / size) }, (_, index) => index * size);
    const field = path === "/forward" ? "forward_input" : "forward_backward_input";
    const rows = await Promise.all(
      starts.map(async (start) => {
        const part = responses.slice(start, start + size);
        const data = part.map((response, index) => {
          const own = Object.entries(inputs).map(([name, values]) => [name, values[start + index]!] as const);
          return buildDatum(response, Object.fromEntries(own), marksPrefix);
        });
        const body = {
          [field]: { data, loss_fn: lossFunction, ...(config === undefined ? {} : { loss_fn_config: config }) },
        };
        if (path === "/forward_backward") lineage.addGradient(body);
        const { loss_fn_outputs: outputs } = await channel.operation(path, forwardResultSchema, body, { signal });
        return part.map((response, index) => {
          const logprobs = responsePart(response, outputs[index]?.["logprobs"]?.data ?? []);
          if (logprobs.length !== response.tokens.length) {
            throw new FoveaError(`the server's answer to ${path} lacks log-probabilities of datum ${start + index}`);
          }
          return logprobs;
        });
      }),
    );
    return rows.flat();
  }
}
