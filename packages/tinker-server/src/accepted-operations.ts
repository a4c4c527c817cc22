import type { FutureStore, Outcome } from "./future-store.ts";
import { bodyDigest, type TrainingModel } from "./model-store.ts";
import { RequestError } from "./request-error.ts";

/** What an operation answers at once. */
export interface Accepted {
  readonly request_id: string;
}

/** Numbered sampling requests whose retries are recognised. */
const SAMPLES_REMEMBERED = 4096;

async function settle(resultType: string, work: Promise<unknown>): Promise<Outcome> {
  try {
    return { kind: "result", value: await work, resultType };
  } catch (error) {
    const isUserError = error instanceof RequestError || (error as Error).name === "FoveaError";
    return { kind: "failure", error: (error as Error).message, isUserError };
  }
}

/** Operations that were started, each of them once: a retry with the same number and body is the same request. */
export class AcceptedOperations {
  readonly #futures: FutureStore;
  readonly #sampled = new Map<string, { readonly digest: string; readonly requestId: string }>();

  constructor(futures: FutureStore) {
    this.#futures = futures;
  }

  accept(resultType: string, work: Promise<unknown>): Accepted {
    return { request_id: this.#futures.add(settle(resultType, work)) };
  }

  /**
   * A training operation of a model, by its number.
   *
   * @throws RequestError 409 if the number was another request's, or its result is no longer kept.
   */
  acceptOnce(
    path: string,
    model: TrainingModel,
    number: number | null | undefined,
    body: unknown,
    start: () => Promise<unknown>,
  ): Accepted {
    if (number === null || number === undefined) return this.accept(path, start());
    const digest = bodyDigest(path, body);
    const known = model.sequence.get(number);
    if (known === undefined) {
      const accepted = this.accept(path, start());
      model.sequence.set(number, { digest, requestId: accepted.request_id });
      return accepted;
    }
    if (known.digest !== digest) {
      throw new RequestError(409, `seq_id ${number} of ${model.id} was another request`);
    }
    if (!this.#futures.has(known.requestId)) {
      throw new RequestError(409, `seq_id ${number} of ${model.id} was done, and its result is no longer kept`);
    }
    return { request_id: known.requestId };
  }

  /**
   * A sampling request of a session, by its number: a retry is the same draw, not another one.
   *
   * @throws RequestError 409 if the number was another request's.
   */
  acceptSample(key: string | undefined, body: unknown, start: () => Promise<unknown>): Accepted {
    if (key === undefined) return this.accept("sample", start());
    const digest = bodyDigest("asample", body);
    const known = this.#sampled.get(key);
    if (known !== undefined && this.#futures.has(known.requestId)) {
      if (known.digest !== digest) throw new RequestError(409, `seq_id ${key} was another request`);
      return { request_id: known.requestId };
    }
    const accepted = this.accept("sample", start());
    this.#sampled.set(key, { digest, requestId: accepted.request_id });
    if (this.#sampled.size > SAMPLES_REMEMBERED) this.#sampled.delete(this.#sampled.keys().next().value!);
    return accepted;
  }
}
