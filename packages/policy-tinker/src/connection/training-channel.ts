import { FoveaError } from "@fovea-rl/core";
import type { z } from "zod";
import { cancelled, RefusedError } from "./connection-error.ts";
import type { RequestOptions, TinkerConnection } from "./tinker-connection.ts";

/** Operations that change what the model holds. */
const CHANGING = ["/forward_backward", "/optim_step", "/load_weights"];

/** Settles with `promise`, or rejects as soon as the signal is aborted. */
function unlessAborted(path: string, promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const end = () => reject(cancelled(path, signal));
    if (signal.aborted) {
      end();
      return;
    }
    signal.addEventListener("abort", end, { once: true });
    void promise.then(resolve).finally(() => signal.removeEventListener("abort", end));
  });
}

/**
 * The training operations of one model, numbered 1, 2, 3, ... and submitted in that order: the next one leaves when the server
 * has taken the last, without waiting for its result. With the model's id the number is an idempotency key.
 */
export class TrainingChannel {
  readonly modelId: string;
  readonly #connection: TinkerConnection;
  #sequence = 0;
  #turn: Promise<void> = Promise.resolve();
  #doubt: string | undefined;

  constructor(connection: TinkerConnection, modelId: string) {
    this.#connection = connection;
    this.modelId = modelId;
  }

  /** Takes no further operation: what the model holds is not known, because of something that ended half way. */
  doubt(reason: string): void {
    this.#doubt ??= reason;
  }

  /** @throws FoveaError if an earlier operation left the model in doubt. */
  async operation<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body: Readonly<Record<string, unknown>>,
    options: RequestOptions = {},
  ): Promise<z.output<Schema>> {
    const before = this.#turn;
    let release = () => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await unlessAborted(path, before, options.signal);
      if (this.#doubt !== undefined) {
        throw new FoveaError(
          `what the model holds on the server is not known since ${this.#doubt}; go on from a checkpoint (load, or fovea train --resume)`,
        );
      }
      return await this.#submit(path, schema, body, { ...options, onAccepted: release });
    } finally {
      // Whoever gave up waiting for its turn must not let the next one overtake those before it.
      void before.then(release);
    }
  }

  async #submit<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body: Readonly<Record<string, unknown>>,
    options: RequestOptions & { readonly onAccepted: () => void },
  ): Promise<z.output<Schema>> {
    const numbered = { model_id: this.modelId, seq_id: ++this.#sequence, ...body };
    try {
      return await this.#connection.operation(path, schema, numbered, options);
    } catch (error) {
      if (CHANGING.includes(path) && !(error instanceof RefusedError)) this.doubt((error as Error).message);
      throw error;
    }
  }
}
