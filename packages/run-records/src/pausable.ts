/** Asked between pieces of a long reading: a promise to wait for, or nothing. */
export type Pause = () => Promise<void> | undefined;

const CHECK_MILLISECONDS = 3;

/**
 * One reading at a time. One that was begun in the background gives way while its `pause` says so; as soon as someone waits for
 * it, it gives way no more.
 */
export class PausableReading {
  readonly #read: (pause: Pause) => Promise<boolean>;
  #current: Promise<boolean> | undefined;
  #pause: Pause | undefined;

  constructor(read: (pause: Pause) => Promise<boolean>) {
    this.#read = read;
  }

  /** @param pause none: at once. */
  run(pause?: Pause): Promise<boolean> {
    if (!this.#current) {
      this.#pause = pause;
      this.#current = this.#read(() => (this.#pause ? this.#giveWay() : undefined)).finally(() => {
        this.#current = undefined;
      });
    } else if (!pause) this.#pause = undefined;
    return this.#current;
  }

  async #giveWay(): Promise<void> {
    for (let wait = this.#pause?.(); wait; wait = this.#pause?.()) {
      // Not for the pause alone: it may be lifted meanwhile.
      await Promise.race([wait, new Promise((resolve) => setTimeout(resolve, CHECK_MILLISECONDS))]);
    }
  }
}
