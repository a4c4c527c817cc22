import type { z } from "zod";
import type { TinkerConnection } from "./tinker-connection.ts";

/**
 * The training operations of one model, numbered 1, 2, 3, ... and submitted in that order: the next one leaves when the server
 * has taken the last, without waiting for its result. With the model's id the number is an idempotency key.
 */
export class TrainingChannel {
  readonly modelId: string;
  readonly #connection: TinkerConnection;
  #sequence = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(connection: TinkerConnection, modelId: string) {
    this.#connection = connection;
    this.modelId = modelId;
  }

  async operation<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body: Readonly<Record<string, unknown>>,
  ): Promise<z.output<Schema>> {
    const before = this.#turn;
    let release = () => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await before;
      const numbered = { model_id: this.modelId, seq_id: ++this.#sequence, ...body };
      return await this.#connection.operation(path, schema, numbered, release);
    } finally {
      release();
    }
  }
}
