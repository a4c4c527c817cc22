import { type Cancellable, FoveaError, type Image, type Prompt } from "@fovea-rl/core";
import { forwardResultSchema } from "@fovea-rl/tinker-protocol";
import { RefusedError } from "./connection/connection-error.ts";
import type { TrainingChannel } from "./connection/training-channel.ts";
import type { EncodedPrompt, PromptEncoder } from "./prompt/prompt-encoder.ts";
import { buildDatum, responsePart } from "./training/build-datum.ts";

/** What a server turned out to do. */
export interface ProbeFindings {
  /** Whether its log-probabilities depend on images. */
  readonly seesImages: boolean;
  /** Whether it has the clipped surrogate. */
  readonly hasClippedSurrogate: boolean;
}

const PROBE_SIDE = 64;

function probeImage(value: (x: number, y: number) => number): Image {
  const data = new Uint8Array(PROBE_SIDE * PROBE_SIDE * 3);
  for (let pixel = 0; pixel < PROBE_SIDE * PROBE_SIDE; pixel++) {
    data.fill(value(pixel % PROBE_SIDE, Math.floor(pixel / PROBE_SIDE)), pixel * 3, pixel * 3 + 3);
  }
  return { width: PROBE_SIDE, height: PROBE_SIDE, data };
}

function probePrompt(image: Image): Prompt {
  const content = [{ type: "image" as const, index: 0 }];
  return { id: "probe", messages: [{ role: "user", content }], images: [image], referenceAnswer: "" };
}

/**
 * Asks a model for what servers do not declare. A server that drops image chunks without a word (SkyRL's JAX backend does) gives the
 * same tokens the same log-probabilities behind any image: two images are shown, one of them twice to tell a difference from noise.
 *
 * @throws FoveaError if images are accepted and not looked at.
 */
export async function probeServer(
  channel: TrainingChannel,
  encoder: PromptEncoder,
  marksPrefix: boolean,
  origin: string,
  { signal }: Cancellable = {},
): Promise<ProbeFindings> {
  const [stop] = encoder.stopTokenIds;
  const tokens = Int32Array.of(stop!, stop!);
  const ask = async (prompts: readonly EncodedPrompt[], lossFunction: string): Promise<Float32Array[]> => {
    const responses = prompts.map((prompt) => ({ prompt, tokens }));
    const zeros = new Float32Array(tokens.length);
    const inputs = lossFunction === "cross_entropy" ? { weights: zeros } : { logprobs: zeros, advantages: zeros };
    const forwardInput = {
      data: responses.map((response) => buildDatum(response, inputs, marksPrefix)),
      loss_fn: lossFunction,
      ...(lossFunction === "ppo" ? { loss_fn_config: { clip_low_threshold: 0.8, clip_high_threshold: 1.28 } } : {}),
    };
    const { loss_fn_outputs: outputs } = await channel.operation(
      "/forward",
      forwardResultSchema,
      { forward_input: forwardInput },
      { signal },
    );
    return responses.map((response, index) => responsePart(response, outputs[index]?.["logprobs"]?.data ?? []));
  };
  const seesImages = await probeImages(encoder, ask, origin);
  const prompt: EncodedPrompt = seesImages
    ? await encoder.encode(probePrompt(probeImage(() => 0)))
    : { chunks: [{ type: "encoded_text", tokens: [stop!] }], tokens: Int32Array.of(stop!) };
  const hasClippedSurrogate = await ask([prompt], "ppo").then(
    () => true,
    (error: unknown) => {
      if (error instanceof RefusedError) return false;
      throw error;
    },
  );
  return { seesImages, hasClippedSurrogate };
}

async function probeImages(
  encoder: PromptEncoder,
  ask: (prompts: readonly EncodedPrompt[], lossFunction: string) => Promise<Float32Array[]>,
  origin: string,
): Promise<boolean> {
  if (encoder.family.images === undefined) return false;
  const first = await encoder.encode(probePrompt(probeImage(() => 0)));
  const second = await encoder.encode(probePrompt(probeImage((x, y) => (((x >> 4) + (y >> 4)) % 2) * 255)));
  let answers: Float32Array[];
  try {
    answers = await ask([first, second, first], "cross_entropy");
  } catch (error) {
    // A server that says that it takes no images is an honest one: prompts with images are refused before they are sent.
    if (error instanceof RefusedError && error.status !== 401 && error.status !== 403) return false;
    throw error;
  }
  const [one, other, again] = answers as [Float32Array, Float32Array, Float32Array];
  const difference = (left: Float32Array, right: Float32Array) =>
    left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
  if (one.length === 0 || difference(one, other) <= 2 * difference(one, again) + 1e-7) {
    throw new FoveaError(
      `${origin} accepts images and does not look at them: the same tokens are as probable behind two different images. ` +
        "Serve the model with a backend that has its vision part, or use a text-only model's files",
    );
  }
  return true;
}
