import { FoveaError } from "@fovea-rl/core";

/** Training was to stop before its first update, or before the first after a resume: nothing was trained and nothing had to be saved. */
export class InterruptedError extends FoveaError {
  constructor(cause?: unknown) {
    super("training was interrupted before an update had begun", { cause });
  }
}
