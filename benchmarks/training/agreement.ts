import type { PassCost } from "./pass-cost.ts";
import type { AgreementRecord } from "./records.ts";
import type { Answer, WorkerProcess } from "./worker-process.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Log-probabilities further apart than this are another computation. */
const TOLERANCE = 1e-3;

function relative(a: unknown, b: unknown): number {
  return Math.abs(Number(a) - Number(b)) / Math.max(1e-12, Math.abs(Number(b)));
}

/**
 * Scores the same tokens and takes the same gradient on both sides.
 *
 * @throws if prompts, log-probabilities, loss or gradient differ: nothing that follows would mean anything.
 */
export async function checkAgreement(
  plan: WorkloadPlan,
  engine: WorkerProcess,
  peer: WorkerProcess,
): Promise<AgreementRecord> {
  const both = async (operation: string, argument: object = {}): Promise<readonly [Answer, Answer]> => [
    await engine.request(operation, argument),
    await peer.request(operation, argument),
  ];
  const [ours, theirs] = await both("describe");
  if (JSON.stringify(ours["promptTokens"]) !== JSON.stringify(theirs["promptTokens"])) {
    throw new Error(
      `${engine.label} sees prompts of ${ours["promptTokens"]} tokens, ${peer.label} of ${theirs["promptTokens"]}`,
    );
  }
  const scores = await both("score", { values: true });
  const [a, b] = scores.map(({ logprobs }) => (logprobs as number[][][]).flat(2));
  const logprobDifference = a!.reduce((largest, value, token) => Math.max(largest, Math.abs(value - b![token]!)), 0);
  const [trained, theirTrained] = await both("train");
  const record = {
    plan,
    label: engine.label,
    peer: peer.label,
    promptTokens: (ours["promptTokens"] as number[])[0]!,
    parameters: Number(ours["parameters"]),
    forwardCost: ours["forwardCost"] as PassCost,
    logprobDifference,
    tokens: a!.length,
    lossDifference: relative(trained["loss"], theirTrained["loss"]),
    gradientNormDifference: relative(trained["gradientNorm"], theirTrained["gradientNorm"]),
  };
  const worst = Math.max(record.logprobDifference, record.lossDifference, record.gradientNormDifference);
  if (!(worst <= TOLERANCE)) throw new Error(`the two sides do not agree: ${JSON.stringify(record)}`);
  return record;
}
