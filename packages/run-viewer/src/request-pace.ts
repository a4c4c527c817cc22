/** Milliseconds after an answer in which the page draws it, and the next question often comes. */
const QUIET = 200;

/** Tells work in the background when someone waits for an answer. */
export class RequestPace {
  #open = 0;
  #quietAt = 0;

  begin(): void {
    this.#open++;
  }

  end(): void {
    this.#open--;
    this.#quietAt = performance.now() + QUIET;
  }

  /** What to wait for before going on in the background, if anything. */
  readonly pause = (): Promise<void> | undefined => {
    if (this.#isQuiet()) return undefined;
    return new Promise((resolve) => {
      const look = () => {
        if (this.#isQuiet()) resolve();
        else setTimeout(look, 10);
      };
      setTimeout(look, 10);
    });
  };

  #isQuiet(): boolean {
    return this.#open === 0 && performance.now() >= this.#quietAt;
  }
}
