import { FoveaError } from "@fovea-rl/core";

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
