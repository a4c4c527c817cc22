import type { Prompt } from "./prompt.ts";

/** Which side of the data a prompt comes from. Nothing seen in `train` may appear in `held-out`. */
export type Split = "train" | "held-out";

/**
 * A source of prompts with reference answers. Prompts are addressed by index, so that a run's place in the data is one
 * integer and a resumed run continues exactly where it stopped.
 */
export interface Task {
  readonly name: string;
  /** Number of different prompts in a split; `Infinity` when they are composed on demand. */
  size(split: Split): number;
  /**
   * The prompt at a place of the task's deterministic order. Finite tasks wrap around and reshuffle at each epoch of `train`;
   * `held-out` never depends on the run's seed.
   *
   * @param index 0-based; any non-negative integer for `train`, below `size` for `held-out`.
   */
  prompt(split: Split, index: number): Prompt | Promise<Prompt>;
  /** A hash of the underlying data, recorded in a run's manifest. */
  fingerprint(): string | Promise<string>;
}
