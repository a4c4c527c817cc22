import type { CreditedRollout, RolloutGroup, ScoreRequest } from "@fovea-rl/core";
import type { TfjsPolicy } from "@fovea-rl/policy-tfjs";
import type { ForwardInput } from "@fovea-rl/tinker-protocol";
import { builtInLoss, checkLossFunction, DATUM, type PassRecord, WEIGHTS } from "./loss-functions.ts";
import type { ModelInputReader } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";
import { readTrainingDatum, type TrainingDatum } from "./training-data.ts";

/** The answer to `forward` and `forward_backward`. */
export interface ForwardOutput {
  readonly loss_fn_output_type: "ArrayRecord";
  readonly loss_fn_outputs: readonly Readonly<Record<string, FloatTensor>>[];
  readonly metrics: Readonly<Record<string, number>>;
}

interface FloatTensor {
  readonly data: readonly number[];
  readonly dtype: "float32";
  readonly shape: readonly number[];
}

/** Data with the same prefix, which the engine computes once; groups in the order of their first datum. */
interface PrefixGroup {
  readonly members: number[];
  readonly data: TrainingDatum[];
}

function groupByPrefix(data: readonly TrainingDatum[]): PrefixGroup[] {
  const groups = new Map<string, PrefixGroup>();
  data.forEach((datum, index) => {
    const group = groups.get(datum.prefixDigest) ?? { members: [], data: [] };
    groups.set(datum.prefixDigest, group);
    group.members.push(index);
    group.data.push(datum);
  });
  return [...groups.values()];
}

/** The prefix of a group as a prompt of the engine, with those images alone that lie in it: all of them. */
function groupPrompt(policy: TfjsPolicy, { data, members }: PrefixGroup) {
  const { input, prefixLength } = data[0]!;
  return policy.promptOfTokens(`data[${members[0]}]`, input.tokens.slice(0, prefixLength), input.images);
}

/** `[T]` values of a loss input at the scored positions. */
function scoredPart(datum: TrainingDatum, name: string, fallback: number): Float32Array {
  const values = datum.lossInputs[name];
  if (values === undefined) return new Float32Array(datum.response.length).fill(fallback);
  return Float32Array.from(values.slice(datum.prefixLength - 1));
}

function fullLength(datum: TrainingDatum, values: ArrayLike<number>): FloatTensor {
  const data = [...new Array<number>(datum.prefixLength - 1).fill(0), ...Array.from(values)];
  return { data, dtype: "float32", shape: [data.length] };
}

function output(data: readonly TrainingDatum[], record: PassRecord): ForwardOutput {
  let sum = 0;
  const outputs = data.map((datum, index) => {
    const losses = record.elementwiseLoss.get(index)!;
    for (const loss of losses) sum += loss;
    return {
      logprobs: fullLength(datum, record.logprobs.get(index)!),
      elementwise_loss: fullLength(datum, losses),
    };
  });
  return { loss_fn_output_type: "ArrayRecord", loss_fn_outputs: outputs, metrics: { "loss:sum": sum } };
}

/** Reads and checks all of a request's data before any work. */
export async function readForwardInput(reader: ModelInputReader, { data, loss_fn, loss_fn_config }: ForwardInput) {
  const lossFunction = checkLossFunction(loss_fn, loss_fn_config);
  const read = await Promise.all(data.map((datum, index) => readTrainingDatum(reader, datum, index)));
  if (lossFunction.name !== "cross_entropy") {
    read.forEach(({ lossInputs }, index) => {
      for (const name of ["logprobs", "advantages"]) {
        if (!lossInputs[name])
          throw new RequestError(400, `data[${index}]: loss_fn "${loss_fn}" needs loss_fn_inputs.${name}`);
      }
    });
  }
  return { data: read, lossFunction };
}

export type ReadForwardInput = Awaited<ReturnType<typeof readForwardInput>>;

/** Log-probabilities without a gradient. */
export async function forward(policy: TfjsPolicy, { data }: ReadForwardInput): Promise<ForwardOutput> {
  const groups = groupByPrefix(data);
  const requests = groups.map(
    (group): ScoreRequest => ({
      prompt: groupPrompt(policy, group),
      responses: group.data.map(({ response }) => response),
    }),
  );
  const scores = await policy.score(requests);
  const record: PassRecord = { logprobs: new Map(), elementwiseLoss: new Map() };
  groups.forEach(({ members, data: grouped }, index) => {
    members.forEach((member, place) => {
      const { logprobs } = scores[index]![place]!;
      const weights = scoredPart(grouped[place]!, "weights", 1);
      record.logprobs.set(member, logprobs);
      // What cross-entropy says of each token; the other losses' values are told by forward_backward.
      record.elementwiseLoss.set(
        member,
        logprobs.map((logprob, token) => -logprob * weights[token]!),
      );
    });
  });
  return output(data, record);
}

/** Adds the gradient of a built-in loss to what is accumulated. */
export async function forwardBackward(
  policy: TfjsPolicy,
  { data, lossFunction }: ReadForwardInput,
): Promise<ForwardOutput> {
  const recorded = builtInLoss(
    lossFunction.name,
    lossFunction.thresholds,
    data.map(({ response }) => response.length),
  );
  const groups = groupByPrefix(data).map(
    (group): RolloutGroup<CreditedRollout> => ({
      prompt: groupPrompt(policy, group),
      rollouts: group.data.map((datum, place) => ({
        promptId: "",
        sampleIndex: place,
        tokens: datum.response,
        behaviourLogprobs: scoredPart(datum, "logprobs", 0),
        text: "",
        finishReason: "stop",
        verdict: { reward: 0, components: {} },
        credit: {
          advantages: scoredPart(datum, "advantages", 0),
          columns: {
            [WEIGHTS]: scoredPart(datum, "weights", 1),
            [DATUM]: new Float32Array(datum.response.length).fill(group.members[place]!),
          },
        },
      })),
    }),
  );
  try {
    await policy.accumulateGradients({ groups, loss: recorded.loss });
    return output(data, await recorded.read());
  } finally {
    recorded.dispose();
  }
}
