import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Policy } from "@fovea-rl/core";
import { type ConnectionCounts, policyOptionsSchema, TinkerPolicy } from "../src/index.ts";
import { exampleUpdate } from "./example-update.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

async function train(policy: Policy, updates: number): Promise<void> {
  for (let step = 0; step < updates; step++) await exampleUpdate(policy, step);
}

export interface FaultyRun {
  /** SHA-256 of the final weights. */
  readonly fingerprint: string;
  readonly client: Readonly<ConnectionCounts>;
  readonly proxy: FaultProxy["counts"];
  readonly seconds: number;
}

/**
 * Trains through a proxy that does something to a share of the requests, saving and going on in a new policy half way.
 *
 * @param target a server whose model is the digits task's base policy.
 */
export async function trainThroughFaults(
  target: string,
  { rate, seed, updates }: { readonly rate: number; readonly seed: number; readonly updates: number },
): Promise<FaultyRun> {
  const proxy = await startFaultProxy({ target, seed, rate });
  const folder = await mkdtemp(join(tmpdir(), "fovea-faults-"));
  const options = policyOptionsSchema.parse({
    server: { url: proxy.url },
    retry: { firstMilliseconds: 4, longestMilliseconds: 200 },
  });
  const create = () =>
    TinkerPolicy.create(options, { seed: 1, trainingTemperature: 1, baseDirectory: import.meta.dirname });
  const began = performance.now();
  const policies: TinkerPolicy[] = [];
  try {
    policies.push(await create());
    await train(policies[0]!, updates / 2);
    await policies[0]!.save(folder);
    policies.push(await create());
    await policies[1]!.load(folder);
    await train(policies[1]!, updates / 2);
    const fingerprint = await policies[1]!.fingerprint();
    const seconds = (performance.now() - began) / 1000;
    const [first, second] = policies.map(({ connectionCounts }) => connectionCounts) as [
      ConnectionCounts,
      ConnectionCounts,
    ];
    const client = {
      exchanges: first.exchanges + second.exchanges,
      resent: first.resent + second.resent,
      resubmitted: first.resubmitted + second.resubmitted,
    };
    return { fingerprint, client, proxy: proxy.counts, seconds };
  } finally {
    for (const policy of policies) await policy.dispose();
    await proxy.close();
    await rm(folder, { recursive: true });
  }
}
