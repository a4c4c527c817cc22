import { mkdir, mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Policy } from "@fovea-rl/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PolicySuite, policyGradientLoss, using } from "./policy-suite.ts";

export function describePolicyCheckpoints({ create, request, learningRate, creditedGroups }: PolicySuite): void {
  describe("checkpoints", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "fovea-testkit-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    async function train(policy: Policy): Promise<void> {
      await policy.accumulateGradients({ groups: await creditedGroups(policy), loss: policyGradientLoss });
      await policy.step({ learningRate });
    }

    async function save(policy: Policy, name: string): Promise<string> {
      const directory = join(folder, name);
      await mkdir(directory);
      await policy.save(directory);
      return directory;
    }

    it("have a fingerprint of the weights: equal for equal ones, another after a step", async () => {
      const initial = await using(create, (policy) => policy.fingerprint());
      await using(create, async (policy) => {
        expect(await policy.fingerprint()).toBe(initial);
        await train(policy);
        expect(await policy.fingerprint()).not.toBe(initial);
      });
    });

    it("restore weights, optimiser and reference, so that training goes on to the same bits", () =>
      using(create, async (policy) => {
        await train(policy);
        const directory = await save(policy, "checkpoint");
        await using(create, async (restored) => {
          await restored.load(directory);
          expect(await restored.fingerprint()).toBe(await policy.fingerprint());
          expect(await restored.sample(request())).toEqual(await policy.sample(request()));
          await train(policy);
          await train(restored);
          expect(await restored.fingerprint()).toBe(await policy.fingerprint());
          if (!policy.capabilities.supported.has("reference-policy")) return;
          const [group] = await policy.sample(request());
          const requests = [{ prompt: group!.prompt, responses: group!.rollouts.map(({ tokens }) => tokens) }];
          const options = { model: "reference" } as const;
          expect(await restored.score(requests, options)).toEqual(await policy.score(requests, options));
        });
      }));

    it("do not change the policy that writes them", () =>
      using(create, async (policy) => {
        await train(policy);
        const before = await policy.fingerprint();
        await save(policy, "checkpoint");
        expect(await policy.fingerprint()).toBe(before);
      }));

    it("are refused when a file that loading reads is cut short, and leave the policy as it was", () =>
      using(create, async (policy) => {
        const initial = await policy.fingerprint();
        await train(policy);
        const trained = await policy.fingerprint();
        const names = await readdir(await save(policy, "whole"), { recursive: true });
        const cut: string[] = [];
        for (const [index, name] of names.entries()) {
          const directory = await save(policy, `cut-${index}`);
          const file = await stat(join(directory, name));
          if (!file.isFile() || file.size === 0) continue;
          await truncate(join(directory, name), Math.floor(file.size / 2));
          cut.push(await using(create, (restored) => outcomeOfLoading(restored, directory, initial, trained)));
        }
        // A file that only accompanies the weights may go unread, and then everything must be there.
        expect(cut).not.toContain("half loaded");
        expect(cut).toContain("refused");
      }));

    it("are described in a manifest", () =>
      using(create, async (policy) => {
        const description = policy.describe();
        expect(JSON.parse(JSON.stringify(description))).toEqual(description);
        expect(Object.keys(description).length).toBeGreaterThan(0);
      }));
  });
}

async function outcomeOfLoading(policy: Policy, directory: string, initial: string, trained: string): Promise<string> {
  const isRefused = await policy.load(directory).then(
    () => false,
    () => true,
  );
  const fingerprint = await policy.fingerprint();
  if (isRefused) return fingerprint === initial ? "refused" : "half loaded";
  return fingerprint === trained ? "loaded whole" : "half loaded";
}
