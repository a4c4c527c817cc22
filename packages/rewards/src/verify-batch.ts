import type { Prompt, Rollout, Verdict, Verifier } from "@fovea-rl/core";

/** A rollout and the prompt it answers. */
export interface BatchItem {
  readonly prompt: Prompt;
  readonly rollout: Rollout;
}

/** The mean of the rewards and of every component over the verdicts that report it. */
export interface BatchMetrics {
  readonly count: number;
  readonly reward: number;
  readonly components: Readonly<Record<string, number>>;
}

/**
 * Verdicts of many rollouts, in the order of the items.
 *
 * @param concurrency how many are under way at once, for verifiers that wait for a server.
 */
export async function verifyBatch(
  verifier: Verifier,
  items: readonly BatchItem[],
  { concurrency = 32 }: { readonly concurrency?: number } = {},
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = new Array(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const { prompt, rollout } = items[index]!;
      verdicts[index] = await verifier.verify(prompt, rollout);
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, concurrency), items.length) }, work));
  return verdicts;
}

export function batchMetrics(verdicts: readonly Verdict[]): BatchMetrics {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { components } of verdicts) {
    for (const [name, value] of Object.entries(components)) {
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, { sum: sum + value, count: count + 1 });
    }
  }
  const mean = verdicts.reduce((total, { reward }) => total + reward, 0) / Math.max(1, verdicts.length);
  const components = Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
  return { count: verdicts.length, reward: mean, components };
}
