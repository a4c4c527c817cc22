import { FoveaError, UnfinishedWorkError } from "@fovea-rl/core";
import { acceptedSchema, failedSchema, tryAgainSchema } from "@fovea-rl/tinker-protocol";
import type { z } from "zod";
import { warn } from "../warn.ts";
import { type Backoff, backoffMilliseconds, pause } from "./backoff.ts";
import { cancelled, LostAnswerError, RefusedError } from "./connection-error.ts";
import { type Exchange, exchange } from "./exchange.ts";

export interface ConnectionOptions {
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** How long one exchange may take before it counts as lost. */
  readonly exchangeSeconds: number;
  /** How long an operation may take in all, retries included. */
  readonly operationSeconds: number;
  readonly backoff?: Backoff;
}

/** What may be decided for one request or operation. */
export interface RequestOptions {
  /** Ends it at once, wherever it is: in an upload, a poll or a wait between attempts. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the connection's own limit. */
  readonly seconds?: number;
}

/** How long a request may be in trouble before it is said aloud. */
const SILENT_MILLISECONDS = 10_000;

/** What is under way: its name, its end, and when its trouble began. */
interface Undertaking {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly seconds: number;
  readonly deadline: number;
  troubleSince: number | undefined;
}

/** What happened on a connection so far. */
export interface ConnectionCounts {
  exchanges: number;
  /** Requests sent again because their answer was lost or said so. */
  resent: number;
  /** Operations submitted again after 410. */
  resubmitted: number;
}

const PREFIX = "/api/v1";

function detailOf(body: unknown): string {
  const { detail, error, message } = (body ?? {}) as Record<string, unknown>;
  const said = detail ?? error ?? message ?? body;
  return typeof said === "string" ? said : JSON.stringify(said);
}

/** Statuses after which the same request may be sent again: the server has not acted on it, or recognises it. */
function isTransient(status: number): boolean {
  return status === 408 || status === 410 || status === 425 || status === 429 || status >= 500;
}

/** Speaks the protocol's two-step operations over a network that loses, delays and repeats. */
export class TinkerConnection {
  readonly counts: ConnectionCounts = { exchanges: 0, resent: 0, resubmitted: 0 };
  readonly #options: ConnectionOptions;
  readonly #closed = new AbortController();
  /** Whether the present trouble was told already. */
  #hasTold = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Aborted when the connection is closed. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Ends whatever is under way. */
  close(): void {
    this.#closed.abort(new FoveaError("the connection to the server was closed"));
  }

  #begin(path: string, { signal, seconds = this.#options.operationSeconds }: RequestOptions): Undertaking {
    const ends = signal === undefined ? this.#closed.signal : AbortSignal.any([this.#closed.signal, signal]);
    return { path, signal: ends, seconds, deadline: Date.now() + seconds * 1000, troubleSince: undefined };
  }

  async #once(under: Undertaking, path: string, body: string | undefined): Promise<Exchange> {
    this.counts.exchanges++;
    const { url, apiKey, exchangeSeconds } = this.#options;
    const left = Math.max(1, under.deadline - Date.now());
    return exchange({
      url: new URL(url.pathname.replace(/\/$/, "") + PREFIX + path, url),
      apiKey,
      ...(body === undefined ? {} : { body }),
      timeoutMilliseconds: Math.min(exchangeSeconds * 1000, left),
      signal: under.signal,
    }).catch((error: unknown) => {
      if (under.signal.aborted) throw cancelled(under.path, under.signal);
      throw error;
    });
  }

  async #wait(under: Undertaking, attempt: number, reason: string, least = 0): Promise<void> {
    const wait = Math.max(least, backoffMilliseconds(attempt, this.#options.backoff));
    if (Date.now() + wait > under.deadline) {
      throw new UnfinishedWorkError(
        `${under.path} was given up after ${under.seconds} s; the last trouble was: ${reason}`,
      );
    }
    await pause(wait, under.signal).catch(() => {
      throw cancelled(under.path, under.signal);
    });
  }

  /** Trouble that lasts is told once, so that nobody waits for hours before a wrong address. */
  #tell(under: Undertaking, reason: string): void {
    under.troubleSince ??= Date.now();
    if (Date.now() - under.troubleSince < SILENT_MILLISECONDS || this.#hasTold) return;
    this.#hasTold = true;
    const left = Math.ceil((under.deadline - Date.now()) / 1000);
    warn(`${this.#options.url.origin} does not answer ${under.path} (${reason}); trying on for up to ${left} s`);
  }

  /** Sends a request until a whole answer comes that is no passing trouble. */
  async #persist(under: Undertaking, body: string | undefined): Promise<unknown> {
    const { path } = under;
    for (let attempt = 0; ; attempt++) {
      let reason: string;
      let least = 0;
      try {
        const { status, body: answer, retryAfterMilliseconds = 0 } = await this.#once(under, path, body);
        if (status >= 200 && status < 300) {
          this.#hasTold = false;
          return answer;
        }
        if (status === 402) throw new FoveaError(`the server asks for payment (402): ${detailOf(answer)}`);
        if (!isTransient(status)) throw new RefusedError(path, status, detailOf(answer), attempt > 0);
        reason = `status ${status}: ${detailOf(answer)}`;
        least = retryAfterMilliseconds;
      } catch (error) {
        if (!(error instanceof LostAnswerError)) throw error;
        reason = error.message;
      }
      this.counts.resent++;
      this.#tell(under, reason);
      await this.#wait(under, attempt, reason, least);
    }
  }

  #read<Schema extends z.ZodType>(path: string, schema: Schema, answer: unknown): z.output<Schema> {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new FoveaError(
      `the server's answer to ${path} does not follow the protocol: ${issue!.path.join(".") || "it"}: ${issue!.message}`,
    );
  }

  /** A request that is answered at once; a GET without a body. */
  async call<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<z.output<Schema>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.#read(path, schema, await this.#persist(this.#begin(path, options), text));
  }

  /**
   * An operation: submitted, then polled. After 410 the same body is submitted again: where it carries an idempotency key the
   * server recognises it, and where it does not it changes nothing on the server.
   *
   * @param onAccepted called once the server has taken it, when the next operation may follow.
   * @throws UnfinishedWorkError if it is cancelled or takes too long: whether the server did it is not known.
   */
  async operation<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body: unknown,
    { onAccepted = () => {}, ...options }: RequestOptions & { readonly onAccepted?: () => void } = {},
  ): Promise<z.output<Schema>> {
    const text = JSON.stringify(body);
    const under = this.#begin(path, options);
    const submit = async () => {
      const accepted = this.#read(path, acceptedSchema, await this.#persist(under, text));
      if (accepted.warning_message) {
        warn(`${this.#options.url.origin} says of ${path}: ${accepted.warning_message}`);
      }
      return accepted.request_id;
    };
    let requestId = await submit();
    onAccepted();
    for (let attempt = 0; ; attempt++) {
      const began = Date.now();
      let reason: string;
      let least = 0;
      try {
        const answer = await this.#once(under, "/retrieve_future", JSON.stringify({ request_id: requestId }));
        const { status, body: result } = answer;
        if (status >= 200 && status < 300) {
          if (!tryAgainSchema.safeParse(result).success) {
            const failure = failedSchema.safeParse(result);
            if (failure.success) throw new RefusedError(path, status, failure.data.error);
            return this.#read(path, schema, result);
          }
          reason = "the operation is still pending";
        } else if (status === 410) {
          this.counts.resubmitted++;
          reason = "its result was no longer kept (410)";
          requestId = await submit();
        } else if (isTransient(status)) {
          reason = `status ${status}: ${detailOf(result)}`;
          least = answer.retryAfterMilliseconds ?? 0;
        } else {
          throw new RefusedError(path, status, detailOf(result));
        }
      } catch (error) {
        if (!(error instanceof LostAnswerError)) throw error;
        this.counts.resent++;
        reason = error.message;
        this.#tell(under, reason);
      }
      // A poll that the server held for a while was a good one: come back at once.
      if (Date.now() - began > 1000) attempt = -1;
      await this.#wait(under, Math.max(0, attempt), reason, least);
    }
  }
}
