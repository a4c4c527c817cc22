import { describe } from "vitest";
import { describePolicyCheckpoints } from "./policy-checkpoints-suite.ts";
import { describePolicyGradients } from "./policy-gradients-suite.ts";
import { describePolicySampling } from "./policy-sampling-suite.ts";
import { describePolicyScoring } from "./policy-scoring-suite.ts";
import { type PolicySuiteSettings, policySuite } from "./policy-suite.ts";
import { SUITE_TIMEOUT } from "./suite-timeout.ts";

/**
 * What every policy engine must hold to. What an engine says it cannot do it must refuse; what it says it can is tried. Call it in a
 * test file of the engine's package: `describePolicy("tabular", { create, prompts })`.
 */
export function describePolicy(name: string, settings: PolicySuiteSettings): void {
  const suite = policySuite(settings);
  describe(`the policy engine ${name}`, { timeout: SUITE_TIMEOUT }, () => {
    describePolicySampling(suite);
    describePolicyScoring(suite);
    describePolicyGradients(suite);
    describePolicyCheckpoints(suite);
  });
}
