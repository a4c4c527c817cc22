// A short session of the remote engine with a text-only server that nobody here wrote; prints a transcript. See docs/remote-engine.md.
//   node --conditions=@fovea-rl/source benchmarks/tinker/session.ts <url> <model files> [lora rank]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreditedRollout, Loss, Prompt, RolloutGroup } from "@fovea-rl/core";
import { policyOptionsSchema, TinkerPolicy } from "@fovea-rl/policy-tinker";
import * as tf from "@tensorflow/tfjs-core";

const [url = "http://127.0.0.1:8000", modelFiles = ".", rank = "8"] = process.argv.slice(2);
const context = { seed: 1, trainingTemperature: 1, baseDirectory: process.cwd() };
const options = policyOptionsSchema.parse({ server: { url }, modelFiles, lora: { rank: Number(rank), seed: 1 } });

function say(line: string, values: unknown = ""): void {
  process.stdout.write(`${line} ${typeof values === "string" ? values : JSON.stringify(values)}\n`);
}

/** Squares of log-probabilities: a loss that no server has. */
const squares: Loss = {
  columns: [],
  compute: ({ logprobs, mask, miniBatch }) => ({
    loss: tf.div(tf.sum(tf.mul(tf.square(logprobs), mask)), miniBatch.tokens),
    metrics: {},
  }),
};

/** A clipped surrogate with its scale, as DAPO has it: servers have it too. */
const surrogate: Loss = {
  columns: [],
  clipRange: { clipLow: 0.2, clipHigh: 0.28 },
  compute({ logprobs, behaviourLogprobs, advantages, mask, miniBatch }) {
    const ratio = tf.exp(tf.sub(logprobs, behaviourLogprobs));
    const negated = tf.neg(advantages);
    const tokens = tf.maximum(tf.mul(negated, ratio), tf.mul(negated, tf.clipByValue(ratio, 0.8, 1.28)));
    return { loss: tf.div(tf.sum(tf.mul(tokens, mask)), miniBatch.tokens), metrics: {} };
  },
};

function prompt(id: string, text: string): Prompt {
  return { id, messages: [{ role: "user", content: [{ type: "text", text }] }], images: [], referenceAnswer: "" };
}

const prompts = [prompt("a", "t1 t9 t20"), prompt("b", "t5 t6 t7 t8")];

function sample(policy: TinkerPolicy, step: number) {
  return policy.sample({
    prompts,
    samplesPerPrompt: 3,
    sampling: { temperature: 1, topP: 1, topK: 0, maximumTokens: 8 },
    randomKey: { seed: 1, purpose: "sample", step },
  });
}

function credit(groups: Awaited<ReturnType<typeof sample>>): RolloutGroup<CreditedRollout>[] {
  return groups.map((group) => ({
    prompt: group.prompt,
    rollouts: group.rollouts.map((rollout) => ({
      ...rollout,
      verdict: { reward: 0, components: {} },
      credit: { advantages: new Float32Array(rollout.tokens.length).fill(rollout.sampleIndex - 1) },
    })),
  }));
}

async function logprobs(policy: TinkerPolicy, groups: Awaited<ReturnType<typeof sample>>, model?: "reference") {
  const scores = await policy.score(
    groups.map((group) => ({ prompt: group.prompt, responses: group.rollouts.map(({ tokens }) => tokens) })),
    model === undefined ? {} : { model },
  );
  return scores.flat().flatMap((row) => [...row.logprobs]);
}

function gap(left: readonly number[], right: readonly number[]): number {
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
}

const folder = await mkdtemp(join(tmpdir(), "fovea-session-"));
const policy = await TinkerPolicy.create(options, context);
say("engine", policy.describe());
say("capabilities", [...policy.capabilities.supported]);
const groups = await sample(policy, 0);
const rollouts = groups.flatMap((group) => group.rollouts);
say(
  "sampled",
  rollouts.map(({ text, finishReason }) => `${text} (${finishReason})`),
);
const again = (await sample(policy, 0)).flatMap((group) => group.rollouts);
say("the same draws again:", String(rollouts.every((one, index) => one.tokens.join() === again[index]!.tokens.join())));
const behaviour = rollouts.flatMap(({ behaviourLogprobs }) => [...behaviourLogprobs]);
const before = await logprobs(policy, groups);
say("|trainer - sampler|, largest:", gap(behaviour, before).toExponential(2));
say(
  "|reference - trainer| before training, largest:",
  gap(await logprobs(policy, groups, "reference"), before).toExponential(2),
);

const first = await policy.accumulateGradients({ groups: credit(groups), loss: squares });
say("custom loss", first.loss.toFixed(6));
say("step", await policy.step({ learningRate: 1e-2 }));
const second = await policy.accumulateGradients({ groups: credit(groups), loss: squares });
say("custom loss after the step", `${second.loss.toFixed(6)} (lower: ${second.loss < first.loss})`);
await policy.step({ learningRate: 1e-2 });
const built = await policy.accumulateGradients({ groups: credit(await sample(policy, 1)), loss: surrogate });
say("clipped surrogate by the server's own loss", {
  loss: built.loss,
  passes: built.metrics["engine/built-in-passes"],
  corrected: built.metrics["engine/corrected-passes"],
  driftMean: built.metrics["engine/drift-mean"],
});
await policy.step({ learningRate: 1e-3 });

await policy.save(folder);
const saved = await logprobs(policy, groups);
await policy.dispose();
const resumed = await TinkerPolicy.create(options, context);
await resumed.load(folder);
say("resumed: largest difference of log-probabilities", gap(saved, await logprobs(resumed, groups)).toExponential(2));
await resumed.accumulateGradients({ groups: credit(groups), loss: squares });
await resumed.step({ learningRate: 1e-3 });
say("resumed: another step moved them by", gap(saved, await logprobs(resumed, groups)).toExponential(2));
say(
  "|reference - trainer| after training, largest:",
  gap(await logprobs(resumed, groups, "reference"), saved).toExponential(2),
);
say("usage", resumed.tokenUsage);
say("connection", resumed.connectionCounts);
await resumed.dispose();
await rm(folder, { recursive: true });
