/** Work for the engine. Jobs that share a `mergeKey` and wait side by side are done in one go. */
interface Job {
  readonly mergeKey: string | undefined;
  readonly input: unknown;
  readonly run: (inputs: readonly unknown[]) => Promise<readonly unknown[]>;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How long the first of several requests waits for the others: they come over separate connections. */
const GATHER_MILLISECONDS = 4;

/**
 * Runs jobs one after another in the order of their submission: the engine has one device, and the order is what makes
 * `optim_step` and `load_weights` barriers.
 */
export class EngineQueue {
  readonly #jobs: Job[] = [];
  #isRunning = false;

  /** Jobs that wait or run. */
  get length(): number {
    return this.#jobs.length + (this.#isRunning ? 1 : 0);
  }

  submit<Output>(run: () => Promise<Output>): Promise<Output> {
    return this.#enqueue(undefined, undefined, async () => [await run()]) as Promise<Output>;
  }

  /** @param run takes the inputs of all jobs merged and returns one output for each. */
  submitMergeable<Input, Output>(
    mergeKey: string,
    input: Input,
    run: (inputs: readonly Input[]) => Promise<readonly Output[]>,
  ): Promise<Output> {
    return this.#enqueue(mergeKey, input, (inputs) => run(inputs as readonly Input[])) as Promise<Output>;
  }

  #enqueue(mergeKey: string | undefined, input: unknown, run: Job["run"]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ mergeKey, input, run, resolve, reject });
      if (!this.#isRunning) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#jobs.length > 0) {
      if (this.#jobs[0]!.mergeKey !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, GATHER_MILLISECONDS));
      } else {
        // Lets requests in that arrived while the last job held the thread.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const first = this.#jobs.shift()!;
      const batch = [first];
      while (first.mergeKey !== undefined && this.#jobs[0]?.mergeKey === first.mergeKey)
        batch.push(this.#jobs.shift()!);
      try {
        const outputs = await first.run(batch.map(({ input }) => input));
        batch.forEach(({ resolve }, index) => {
          resolve(outputs[index]);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
