import { join } from "node:path";
import { type Prompt, randomGenerator } from "@fovea-rl/core";
import { describePolicy } from "@fovea-rl/testkit";
import { backendUnderTest } from "./backend-under-test.ts";
import { policyOptionsSchema, TfjsPolicy } from "./index.ts";

function prompt(id: string, text: string): Prompt {
  const random = randomGenerator({ seed: 1, purpose: "image", promptId: id });
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, () => random.integer(256));
  const content = [{ type: "text", text: `${text} ` } as const, { type: "image", index: 0 } as const];
  return { id, messages: [{ role: "user", content }], images: [{ width: 32, height: 32, data }], referenceAnswer: "" };
}

function createPolicy(optimiser: object): Promise<TfjsPolicy> {
  const model = join(import.meta.dirname, "../fixtures/smolvlm-a");
  const options = policyOptionsSchema.parse({ model, backend: backendUnderTest(), optimiser });
  return TfjsPolicy.create(options, { seed: 3, trainingTemperature: 1 });
}

/** Without momentum AdamW steps by rate * g / (|g| + epsilon): for a huge epsilon by rate / epsilon along the gradient itself. */
const EPSILON = 1e6;

describePolicy("tfjs", {
  create: () => createPolicy({}),
  createWithGradientDescent: async () => {
    const policy = await createPolicy({ beta1: 0, beta2: 0, epsilon: EPSILON, weightDecay: 0 });
    const step = policy.step.bind(policy);
    policy.step = (options) => step({ ...options, learningRate: options.learningRate * EPSILON });
    return policy;
  },
  prompts: [prompt("a", "t1 t9"), prompt("b", "t1 t20 t21 t22"), prompt("c", "t5")],
});
