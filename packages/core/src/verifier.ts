import type { Prompt } from "./prompt.ts";
import type { Rollout } from "./rollout.ts";

/** What a verifier says of one rollout. */
export interface Verdict {
  /** The scalar that advantages are computed from. */
  readonly reward: number;
  /** What it was before the algorithm shaped it, where it did: the trainer keeps it for reports. */
  readonly unshapedReward?: number;
  /** Named parts of the verdict. `accuracy` (0 to 1) is what rollout filters and evaluations read. */
  readonly components: Readonly<Record<string, number>>;
  /** What was taken to be the answer, where there was one. */
  readonly extracted?: string;
  /** Which rule decided, in a few words a person can read. */
  readonly reason?: string;
}

/** Grades rollouts. Total: any text whatever gets a verdict, in bounded time, and never an exception. */
export interface Verifier {
  readonly name: string;
  verify(prompt: Prompt, rollout: Rollout): Verdict | Promise<Verdict>;
}
