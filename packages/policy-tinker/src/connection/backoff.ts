const FIRST_MILLISECONDS = 250;
const LONGEST_MILLISECONDS = 20_000;

export interface Backoff {
  readonly firstMilliseconds?: number;
  readonly longestMilliseconds?: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * How long to wait before the next attempt: exponential with full jitter, so that clients that failed together do not come back
 * together.
 *
 * @param attempt attempts that failed before, from 0.
 */
export function backoffMilliseconds(attempt: number, backoff: Backoff = {}): number {
  const {
    firstMilliseconds = FIRST_MILLISECONDS,
    longestMilliseconds = LONGEST_MILLISECONDS,
    random = Math.random,
  } = backoff;
  return random() * Math.min(longestMilliseconds, firstMilliseconds * 2 ** Math.min(attempt, 30));
}

/** @throws the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
