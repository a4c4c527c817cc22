import { type Cancellable, FoveaError } from "@fovea-rl/core";
import { mapConcurrently } from "./connection/limit-concurrency.ts";
import { Sampler } from "./sampler.ts";
import type { ServerSession } from "./server-session.ts";
import type { TrainedModel } from "./trained-model.ts";
import type { PromptedResponse } from "./training/build-datum.ts";

/** The frozen policy of a KL penalty: the base model or saved weights, on the trained model's server or another one. */
export class ReferencePolicy {
  readonly #session: ServerSession;
  readonly #concurrency: number;
  readonly #stopTokens: readonly number[];
  #weights: string | null = null;
  #sampler: Promise<Sampler> | undefined;

  constructor(session: ServerSession, concurrency: number, stopTokens: Iterable<number>) {
    this.#session = session;
    this.#concurrency = concurrency;
    this.#stopTokens = [...stopTokens];
  }

  get origin(): string {
    return this.#session.origin;
  }

  /** Where its weights lie; null for the base model. */
  get weights(): string | null {
    return this.#weights;
  }

  set weights(path: string | null) {
    this.#weights = path;
    this.#sampler = undefined;
  }

  /** Log-probabilities, `[responses][T]`. */
  async score(responses: readonly PromptedResponse[], options: Cancellable = {}): Promise<Float32Array[]> {
    const session = this.#session;
    this.#sampler ??= session
      .createSampler(this.#weights ?? undefined, options)
      .then((id) => new Sampler(session.connection, id));
    const sampler = await this.#sampler.catch((error: unknown) => {
      // What failed once, perhaps because it was cancelled, is asked again.
      this.#sampler = undefined;
      throw error;
    });
    const marksPrefix = session.extension?.prefix_chunks ?? false;
    return mapConcurrently(responses, this.#concurrency, ({ prompt, tokens }) =>
      sampler.score(prompt, tokens, this.#stopTokens, marksPrefix, options),
    );
  }

  /** Makes the trained model's present weights the reference. */
  async refresh(model: TrainedModel, options: Cancellable = {}): Promise<void> {
    if (this.#session !== model.session) {
      throw new FoveaError("the reference policy is another server's, which cannot take the trained weights over");
    }
    const { path } = await model.saveForSampling("reference", options);
    if (!path) throw new FoveaError("the server saved the reference policy and named no place");
    this.weights = path;
  }
}
