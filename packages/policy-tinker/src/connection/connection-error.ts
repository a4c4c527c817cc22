import { FoveaError, UnfinishedWorkError } from "@fovea-rl/core";

/** The server refused a request for good. */
export class RefusedError extends FoveaError {
  readonly status: number;
  /** Whether the request had been sent before, so that the refusal may mean that it was done already. */
  readonly wasResent: boolean;

  constructor(path: string, status: number, detail: string, wasResent = false) {
    super(`the server refused ${path} with status ${status}: ${detail}`);
    this.status = status;
    this.wasResent = wasResent;
  }
}

/** An exchange that ended without a whole answer: nobody knows whether the server acted on it. */
export class LostAnswerError extends Error {}

/** The reason of an abort in a few words. */
function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  if (!(reason instanceof Error)) return String(reason);
  if (reason.name === "TimeoutError") return "its time limit had passed";
  return reason.name === "AbortError" ? "it was cancelled" : reason.message;
}

/** What was asked of the server is not waited for any longer: a Ctrl-C, a time limit, a closed connection. */
export function cancelled(path: string, signal: AbortSignal): UnfinishedWorkError {
  return new UnfinishedWorkError(`${path} was ended before the server's result came: ${reasonOf(signal)}`, {
    cause: signal.reason,
  });
}
