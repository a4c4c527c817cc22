import {
  formatWeightsPath,
  loadWeightsRequestSchema,
  saveWeightsForSamplerRequestSchema,
  saveWeightsRequestSchema,
} from "@fovea-rl/tinker-protocol";
import { parse, type Routes, type ServerParts } from "./route.ts";

/** Weights that are kept, for training to go on or for sampling. */
export function weightsRoutes({ store, queue, operations }: ServerParts): Routes {
  return {
    "POST /save_weights": (body) => {
      const { model_id, seq_id, path } = parse(saveWeightsRequestSchema, body);
      const model = store.model(model_id);
      return operations.acceptOnce("save_weights", model, seq_id, body, () =>
        queue.submit(async () => ({ type: "save_weights", path: await store.save(model, "weights", path) })),
      );
    },

    "POST /load_weights": async (body) => {
      const { model_id, seq_id, session_id, model_seq_id, path, optimizer } = parse(loadWeightsRequestSchema, body);
      await store.findSaved(path, ["weights"]);
      const model =
        typeof model_id === "string"
          ? store.model(model_id)
          : (store.modelOf(session_id!, model_seq_id) ?? store.create(session_id!, model_seq_id, store.baseName));
      return operations.acceptOnce("load_weights", model, seq_id ?? 0, body, () =>
        queue.submit(async () => {
          await store.load(model, path, optimizer);
          return { type: "load_weights", path };
        }),
      );
    },

    "POST /save_weights_for_sampler": (body) => {
      const {
        model_id,
        seq_id,
        path,
        sampling_session_seq_id: session,
      } = parse(saveWeightsForSamplerRequestSchema, body);
      const model = store.model(model_id);
      return operations.acceptOnce("save_weights_for_sampler", model, seq_id, body, () =>
        queue.submit(async () => {
          const type = "save_weights_for_sampler";
          if (typeof path === "string") return { type, path: await store.save(model, "sampler_weights", path) };
          const id = await store.addEphemeralSampler(model, `${model_id}/${session}/${seq_id}`);
          const name = `session-${session}-${seq_id}`;
          return {
            type,
            path: formatWeightsPath({ modelId: model_id, kind: "sampler_weights", name }),
            sampling_session_id: id,
          };
        }),
      );
    },

    "POST /weights_info": async (body) => {
      const path = (body as { tinker_path?: unknown } | null)?.tinker_path;
      await store.findSaved(String(path), ["weights"]);
      return { base_model: store.baseName, is_lora: false, lora_rank: 0 };
    },
  };
}
