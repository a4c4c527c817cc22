import { randomUUID } from "node:crypto";
import { RequestError } from "./request-error.ts";

/** How an operation ended. */
export type Outcome =
  | { readonly kind: "result"; readonly value: unknown; readonly resultType: string }
  | { readonly kind: "failure"; readonly error: string; readonly isUserError: boolean };

interface Entry {
  readonly promise: Promise<Outcome>;
  isSettled: boolean;
}

/** The results that clients come back for. */
export class FutureStore {
  readonly #entries = new Map<string, Entry>();
  readonly #evicted = new Set<string>();
  readonly #capacity: number;

  /** @param capacity finished results that are kept; the oldest make room. */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  /** @returns the request's id. */
  add(promise: Promise<Outcome>): string {
    const id = randomUUID();
    const entry: Entry = { promise, isSettled: false };
    void promise.then(() => {
      entry.isSettled = true;
    });
    this.#entries.set(id, entry);
    if (this.#entries.size > this.#capacity) this.#evictOldest();
    return id;
  }

  #evictOldest(): void {
    for (const [id, { isSettled }] of this.#entries) {
      if (!isSettled) continue;
      this.#entries.delete(id);
      this.#evicted.add(id);
      return;
    }
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /**
   * @returns the outcome, or `undefined` if there is none yet after the given time.
   * @throws RequestError 404 for an unknown id, 410 for a result that is no longer kept.
   */
  async wait(id: string, milliseconds: number): Promise<Outcome | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      if (this.#evicted.has(id)) throw new RequestError(410, `the result of request ${id} is no longer kept`);
      throw new RequestError(404, `there is no request ${id}`);
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), milliseconds);
    });
    try {
      return await Promise.race([entry.promise, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
