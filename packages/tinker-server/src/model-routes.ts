import { createModelRequestSchema, modelRequestSchema } from "@fovea-rl/tinker-protocol";
import { parse, type Routes, type ServerParts } from "./route.ts";

/** Models that are trained: made, described, given up. */
export function modelRoutes({ store, queue, operations }: ServerParts): Routes {
  return {
    "POST /create_model": (body) => {
      const { session_id, model_seq_id, base_model, lora_config } = parse(createModelRequestSchema, body);
      const rank = lora_config?.rank ?? 0;
      const model = store.modelOf(session_id, model_seq_id) ?? store.create(session_id, model_seq_id, base_model);
      // Older clients insist on a rank; the engine trains all weights and says so.
      const note =
        rank > 0 ? { warning_message: `LoRA is not supported: rank ${rank} is ignored, all weights are trained` } : {};
      const result = { type: "create_model", model_id: model.id };
      return { ...operations.accept("create_model", Promise.resolve(result)), model_id: model.id, ...note };
    },

    "POST /unload_model": (body) => {
      const { model_id } = parse(modelRequestSchema, body);
      return operations.accept(
        "unload_model",
        queue.submit(async () => {
          await store.unload(model_id);
          return { type: "unload_model", model_id };
        }),
      );
    },

    "POST /get_info": async (body) => {
      const { id, policy } = store.model(parse(modelRequestSchema, body).model_id);
      const fingerprint = await queue.submit(() => policy.fingerprint());
      return {
        type: "get_info",
        model_id: id,
        is_lora: false,
        model_name: store.baseName,
        model_data: { arch: "smolvlm", model_name: store.baseName, tokenizer_id: store.baseName },
        fovea_fingerprint: fingerprint,
      };
    },
  };
}
