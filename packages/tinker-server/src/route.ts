import type { z } from "zod";
import type { AcceptedOperations } from "./accepted-operations.ts";
import type { EngineQueue } from "./engine-queue.ts";
import type { FutureStore } from "./future-store.ts";
import type { ModelStore } from "./model-store.ts";
import type { ModelInputReader } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";

/** What the routes work on. */
export interface ServerParts {
  readonly store: ModelStore;
  readonly queue: EngineQueue;
  readonly futures: FutureStore;
  readonly operations: AcceptedOperations;
  readonly reader: ModelInputReader;
  readonly trainingTemperature: number;
  /** How long a poll waits for its result before it is told to come again. */
  readonly pollMilliseconds: number;
}

/** An answer that is not plain JSON with status 200. */
export class SpecialAnswer {
  readonly status: number;
  readonly body: unknown;
  /** In place of the body, for clients that take it. */
  readonly protobuf: Uint8Array | undefined;

  constructor(status: number, body: unknown, protobuf?: Uint8Array) {
    this.status = status;
    this.body = body;
    this.protobuf = protobuf;
  }
}

export type Route = (body: unknown, takesProtobuf: boolean) => unknown;

/** Routes by method and path below /api/v1. */
export type Routes = Readonly<Record<string, Route>>;

/** @throws RequestError 422 naming the field. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RequestError(422, `${issue!.path.join(".") || "body"}: ${issue!.message}`);
}
