import {
  type AdamParams,
  forwardBackwardRequestSchema,
  forwardRequestSchema,
  optimStepRequestSchema,
} from "@fovea-rl/tinker-protocol";
import { forward, forwardBackward, readForwardInput } from "./engine-operations.ts";
import type { ModelStore, TrainingModel } from "./model-store.ts";
import { parse, type Routes, type ServerParts } from "./route.ts";

async function optimStep(store: ModelStore, model: TrainingModel, params: AdamParams) {
  const { learning_rate, beta1, beta2, eps, weight_decay, grad_clip_norm } = params;
  model.policy.useOptimiser({ beta1, beta2, epsilon: eps, weightDecay: weight_decay });
  const { gradientNorm } = await model.policy.step({
    learningRate: learning_rate,
    ...(grad_clip_norm > 0 ? { maximumGradientNorm: grad_clip_norm } : {}),
  });
  store.optimiserSteps.set(model.id, (store.optimiserSteps.get(model.id) ?? 0) + 1);
  return { metrics: { grad_norm: gradientNorm } };
}

/** Passes and steps of a model. */
export function trainingRoutes({ store, queue, operations, reader }: ServerParts): Routes {
  return {
    "POST /forward": async (body) => {
      const { model_id, seq_id, forward_input } = parse(forwardRequestSchema, body);
      const model = store.model(model_id);
      const input = await readForwardInput(reader, forward_input);
      return operations.acceptOnce("forward", model, seq_id, body, () =>
        queue.submit(() => forward(model.policy, input)),
      );
    },

    "POST /forward_backward": async (body) => {
      const { model_id, seq_id, forward_backward_input } = parse(forwardBackwardRequestSchema, body);
      const model = store.model(model_id);
      const input = await readForwardInput(reader, forward_backward_input);
      return operations.acceptOnce("forward_backward", model, seq_id, body, () =>
        queue.submit(() => forwardBackward(model.policy, input)),
      );
    },

    "POST /optim_step": (body) => {
      const { model_id, seq_id, adam_params } = parse(optimStepRequestSchema, body);
      const model = store.model(model_id);
      return operations.acceptOnce("optim_step", model, seq_id, body, () =>
        queue.submit(() => optimStep(store, model, adam_params)),
      );
    },
  };
}
