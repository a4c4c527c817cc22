import {
  type AdamParams,
  createModelRequestSchema,
  createSamplingSessionRequestSchema,
  createSessionRequestSchema,
  formatWeightsPath,
  forwardBackwardRequestSchema,
  forwardRequestSchema,
  loadWeightsRequestSchema,
  modelRequestSchema,
  optimStepRequestSchema,
  retrieveFutureRequestSchema,
  sampleRequestSchema,
  saveWeightsForSamplerRequestSchema,
  saveWeightsRequestSchema,
  sessionHeartbeatRequestSchema,
} from "@fovea-rl/tinker-protocol";
import type { z } from "zod";
import { forward, forwardBackward, readForwardInput } from "./engine-operations.ts";
import type { EngineQueue } from "./engine-queue.ts";
import type { FutureStore, Outcome } from "./future-store.ts";
import { bodyDigest, type ModelStore, type TrainingModel } from "./model-store.ts";
import { encodeResult } from "./protobuf-codec.ts";
import type { ModelInputReader } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";
import { sample, sampleMergeKey } from "./sample-operation.ts";

/** What the routes work on. */
export interface ServerParts {
  readonly store: ModelStore;
  readonly queue: EngineQueue;
  readonly futures: FutureStore;
  readonly reader: ModelInputReader;
  readonly trainingTemperature: number;
  /** How long a poll waits for its result before it is told to come again. */
  readonly pollMilliseconds: number;
}

/** An answer that is not plain JSON with status 200. */
export class SpecialAnswer {
  readonly status: number;
  readonly body: unknown;
  /** In place of the body, for clients that take it. */
  readonly protobuf: Uint8Array | undefined;

  constructor(status: number, body: unknown, protobuf?: Uint8Array) {
    this.status = status;
    this.body = body;
    this.protobuf = protobuf;
  }
}

export type Route = (body: unknown, takesProtobuf: boolean) => unknown;

/** Numbered sampling requests whose retries are recognised. */
const SAMPLES_REMEMBERED = 4096;

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RequestError(422, `${issue!.path.join(".") || "body"}: ${issue!.message}`);
}

async function settle(resultType: string, work: Promise<unknown>): Promise<Outcome> {
  try {
    return { kind: "result", value: await work, resultType };
  } catch (error) {
    const isUserError = error instanceof RequestError || (error as Error).name === "FoveaError";
    return { kind: "failure", error: (error as Error).message, isUserError };
  }
}

/** The protocol's endpoints below /api/v1, by method and path. */
export function protocolRoutes(parts: ServerParts): Readonly<Record<string, Route>> {
  const { store, queue, futures, reader } = parts;

  function accept(resultType: string, work: Promise<unknown>): { request_id: string } {
    return { request_id: futures.add(settle(resultType, work)) };
  }

  /** Starts a training operation once: a retry with the same number and body is the same request. */
  function acceptOnce(
    path: string,
    model: TrainingModel,
    number: number | null | undefined,
    body: unknown,
    start: () => Promise<unknown>,
  ): { request_id: string } {
    if (number === null || number === undefined) return accept(path, start());
    const digest = bodyDigest(path, body);
    const known = model.sequence.get(number);
    if (known === undefined) {
      const accepted = accept(path, start());
      model.sequence.set(number, { digest, requestId: accepted.request_id });
      return accepted;
    }
    if (known.digest !== digest) {
      throw new RequestError(409, `seq_id ${number} of ${model.id} was another request`);
    }
    if (!futures.has(known.requestId)) {
      throw new RequestError(409, `seq_id ${number} of ${model.id} was done, and its result is no longer kept`);
    }
    return { request_id: known.requestId };
  }

  /** Sampling requests of a session by their number: a retry is the same draw, not another one. */
  const sampled = new Map<string, { readonly digest: string; readonly requestId: string }>();

  function acceptSample(key: string | undefined, body: unknown, start: () => Promise<unknown>): { request_id: string } {
    if (key === undefined) return accept("sample", start());
    const digest = bodyDigest("asample", body);
    const known = sampled.get(key);
    if (known !== undefined && futures.has(known.requestId)) {
      if (known.digest !== digest) throw new RequestError(409, `seq_id ${key} was another request`);
      return { request_id: known.requestId };
    }
    const accepted = accept("sample", start());
    sampled.set(key, { digest, requestId: accepted.request_id });
    if (sampled.size > SAMPLES_REMEMBERED) sampled.delete(sampled.keys().next().value!);
    return accepted;
  }

  async function optimStep(model: TrainingModel, params: AdamParams) {
    const { learning_rate, beta1, beta2, eps, weight_decay, grad_clip_norm } = params;
    model.policy.useOptimiser({ beta1, beta2, epsilon: eps, weightDecay: weight_decay });
    const { gradientNorm } = await model.policy.step({
      learningRate: learning_rate,
      ...(grad_clip_norm > 0 ? { maximumGradientNorm: grad_clip_norm } : {}),
    });
    store.optimiserSteps.set(model.id, (store.optimiserSteps.get(model.id) ?? 0) + 1);
    return { metrics: { grad_norm: gradientNorm } };
  }

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
        training_temperature: parts.trainingTemperature,
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

    "POST /create_model": (body) => {
      const { session_id, model_seq_id, base_model, lora_config } = parse(createModelRequestSchema, body);
      const rank = lora_config?.rank ?? 0;
      const model = store.modelOf(session_id, model_seq_id) ?? store.create(session_id, model_seq_id, base_model);
      // Older clients insist on a rank; the engine trains all weights and says so.
      const note =
        rank > 0 ? { warning_message: `LoRA is not supported: rank ${rank} is ignored, all weights are trained` } : {};
      const result = { type: "create_model", model_id: model.id };
      return { ...accept("create_model", Promise.resolve(result)), model_id: model.id, ...note };
    },

    "POST /unload_model": (body) => {
      const { model_id } = parse(modelRequestSchema, body);
      return accept(
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

    "POST /forward": async (body) => {
      const { model_id, seq_id, forward_input } = parse(forwardRequestSchema, body);
      const model = store.model(model_id);
      const input = await readForwardInput(reader, forward_input);
      return acceptOnce("forward", model, seq_id, body, () => queue.submit(() => forward(model.policy, input)));
    },

    "POST /forward_backward": async (body) => {
      const { model_id, seq_id, forward_backward_input } = parse(forwardBackwardRequestSchema, body);
      const model = store.model(model_id);
      const input = await readForwardInput(reader, forward_backward_input);
      return acceptOnce("forward_backward", model, seq_id, body, () =>
        queue.submit(() => forwardBackward(model.policy, input)),
      );
    },

    "POST /optim_step": (body) => {
      const { model_id, seq_id, adam_params } = parse(optimStepRequestSchema, body);
      const model = store.model(model_id);
      return acceptOnce("optim_step", model, seq_id, body, () => queue.submit(() => optimStep(model, adam_params)));
    },

    "POST /save_weights": (body) => {
      const { model_id, seq_id, path } = parse(saveWeightsRequestSchema, body);
      const model = store.model(model_id);
      return acceptOnce("save_weights", model, seq_id, body, () =>
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
      return acceptOnce("load_weights", model, seq_id ?? 0, body, () =>
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
      return acceptOnce("save_weights_for_sampler", model, seq_id, body, () =>
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

    "POST /create_sampling_session": async (body) => {
      const { session_id, sampling_session_seq_id, base_model, model_path } = parse(
        createSamplingSessionRequestSchema,
        body,
      );
      store.heartbeat(session_id);
      if ((base_model ?? null) === null && (model_path ?? null) === null) {
        throw new RequestError(400, "base_model or model_path must be given");
      }
      const source = { base_model: base_model ?? null, model_path: model_path ?? null };
      const id = await queue.submit(() => store.addSampler(`${session_id}/${sampling_session_seq_id}`, source));
      return { type: "create_sampling_session", sampling_session_id: id };
    },

    "POST /asample": async (body) => {
      const request = parse(sampleRequestSchema, body);
      if (request.topk_prompt_logprobs > 0) throw new RequestError(400, "topk_prompt_logprobs is not supported here");
      const { sampling_session_id: session, base_model, model_path } = request;
      const source = { base_model: base_model ?? null, model_path: model_path ?? null };
      const policy = typeof session === "string" ? store.sampler(session) : await store.samplerPolicy(source);
      const input = await reader.read(request.prompt);
      const prefix = await reader.readPrefix(request.prompt, input, request.fovea_prefix_chunks);
      const read = { request, input, prefix };
      const key = sampleMergeKey(session ?? model_path ?? "base", read);
      const { seq_id } = request;
      const isNumbered = typeof session === "string" && typeof seq_id === "number";
      const accepted = acceptSample(isNumbered ? `${session}/${seq_id}` : undefined, body, () =>
        key === undefined
          ? queue.submit(async () => (await sample(policy, [read]))[0])
          : queue.submitMergeable(key, read, (requests) => sample(policy, requests)),
      );
      const ids = Array.from({ length: request.num_samples }, (_, index) => `${accepted.request_id}/${index}`);
      return { ...accepted, sample_sequence_ids: ids };
    },

    "POST /weights_info": async (body) => {
      const path = (body as { tinker_path?: unknown } | null)?.tinker_path;
      await store.findSaved(String(path), ["weights"]);
      return { base_model: store.baseName, is_lora: false, lora_rank: 0 };
    },

    "POST /retrieve_future": async (body, takesProtobuf) => {
      const { request_id } = parse(retrieveFutureRequestSchema, body);
      const outcome = await futures.wait(request_id, parts.pollMilliseconds);
      if (outcome === undefined) {
        return new SpecialAnswer(408, { type: "try_again", request_id, queue_state: "active" });
      }
      if (outcome.kind === "failure") {
        return { error: outcome.error, category: outcome.isUserError ? "user" : "server" };
      }
      const protobuf = takesProtobuf ? encodeResult(outcome.resultType, outcome.value) : undefined;
      return protobuf === undefined ? outcome.value : new SpecialAnswer(200, outcome.value, protobuf);
    },
  };
}
