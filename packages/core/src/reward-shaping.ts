import type { Prompt } from "./prompt.ts";
import type { GradedRollout } from "./rollout.ts";
import type { Verdict } from "./verifier.ts";

/** An algorithm's own change of the reward after verification, e.g. DAPO's overlong penalty. */
export interface RewardShaping {
  /** The rollout's verdict with the shaped reward; components are kept, new ones may be added. */
  shape(rollout: GradedRollout, prompt: Prompt): Verdict;
}
