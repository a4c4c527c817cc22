import { LostAnswerError } from "./connection-error.ts";

/** One HTTP exchange, whatever its outcome. */
export interface Exchange {
  readonly status: number;
  readonly body: unknown;
  /** From Retry-After, where the server says it. */
  readonly retryAfterMilliseconds?: number;
}

export interface ExchangeRequest {
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** POSTed as JSON; a GET without one. */
  readonly body?: string;
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal;
}

function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 120) * 1000 : undefined;
}

/**
 * Certificates are verified: that is fetch's own behaviour, and nothing here changes it.
 *
 * @throws LostAnswerError if no whole answer came: no connection, a time-out, a body cut short.
 */
export async function exchange(request: ExchangeRequest): Promise<Exchange> {
  const { url, apiKey, body, timeoutMilliseconds, signal } = request;
  try {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(apiKey === undefined ? {} : { "x-api-key": apiKey }),
      },
      ...(body === undefined ? {} : { body }),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
    });
    const text = await response.text();
    const wait = retryAfter(response.headers);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Errors of proxies are no JSON; their status says enough. A success must be whole.
      if (response.ok) throw new LostAnswerError(`the answer is not whole JSON (${text.length} characters)`);
      parsed = { detail: text.slice(0, 300) };
    }
    return { status: response.status, body: parsed, ...(wait === undefined ? {} : { retryAfterMilliseconds: wait }) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof LostAnswerError) throw error;
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    throw new LostAnswerError(cause?.code ?? cause?.message ?? (error as Error).message);
  }
}
