import { createSamplingSessionRequestSchema, sampleRequestSchema } from "@fovea-rl/tinker-protocol";
import { RequestError } from "./request-error.ts";
import { parse, type Routes, type ServerParts } from "./route.ts";
import { sample, sampleMergeKey } from "./sample-operation.ts";

/** Sampling, from the base model or weights that are kept. */
export function samplingRoutes({ store, queue, operations, reader }: ServerParts): Routes {
  return {
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
      const accepted = operations.acceptSample(isNumbered ? `${session}/${seq_id}` : undefined, body, () =>
        key === undefined
          ? queue.submit(async () => (await sample(policy, [read]))[0])
          : queue.submitMergeable(key, read, (requests) => sample(policy, requests)),
      );
      const ids = Array.from({ length: request.num_samples }, (_, index) => `${accepted.request_id}/${index}`);
      return { ...accepted, sample_sequence_ids: ids };
    },
  };
}
