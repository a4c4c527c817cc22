import { createSessionRequestSchema, sessionHeartbeatRequestSchema } from "@fovea-rl/tinker-protocol";
import { parse, type Routes, type ServerParts } from "./route.ts";

/** What the server is, and who is there. */
export function sessionRoutes({ store, trainingTemperature }: ServerParts): Routes {
  return {
    "GET /healthz": () => ({ status: "ok" }),

    "GET /get_server_capabilities": () => ({
      supported_models: [
        {
          model_name: store.baseName,
          max_context_length: store.base.capabilities.maximumContext,
          trainable: true,
          sampleable: true,
        },
      ],
      fovea: {
        version: 1,
        training_temperature: trainingTemperature,
        image_tokens: store.base.modelConfig.imageTokens,
        vocabulary_size: store.base.capabilities.vocabularySize,
        random_keys: true,
        prefix_chunks: true,
        optimiser_fields: true,
        fingerprint: true,
      },
    }),

    "POST /client/config": () => ({ pjwt_auth_enabled: false, parallel_fwdbwd_chunks: false }),

    "POST /telemetry": () => ({ status: "accepted" }),

    "POST /create_session": (body) => {
      parse(createSessionRequestSchema, body);
      return { type: "create_session", session_id: store.createSession() };
    },

    "POST /session_heartbeat": (body) => {
      store.heartbeat(parse(sessionHeartbeatRequestSchema, body).session_id);
      return { type: "session_heartbeat" };
    },
  };
}
