import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { deterministicContents } from "../../fixtures/run-contents.ts";
import { runFovea } from "../../fixtures/run-fovea.ts";
import { tabularConfiguration, tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { readStatus } from "../run-directory/run-status.ts";
import { resumeTraining, train } from "./train.ts";

// Each starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const faulty = {
  policy: fixture("faulty-policy.ts"),
  recorders: [{ use: "rollouts", options: { everyUpdates: 2, prompts: 2 } }, fixture("faulty-recorder.ts")],
};

describe("a run killed as by kill -9", () => {
  let unbroken: Record<string, unknown>;

  beforeAll(async () => {
    const { directory, status } = await train(tabularConfiguration(await temporaryDirectory(), faulty));
    expect(status.state).toBe("finished");
    unbroken = deterministicContents(directory, 6);
  });

  // Twelve gradients and steps, six batches of samples and four evaluations in all; saves after updates 2, 4 and 6.
  it.each([
    ["in the evaluation of the base", "kill:sample:1"],
    ["before the first checkpoint", "kill:accumulateGradients:3"],
    ["between the mini-batches of an update", "kill:step:6"],
    ["while scoring perturbed images", "kill:score:5"],
    ["between the records of a step", "record:recordStep:3"],
    ["while rollouts are written", "record:recordRollouts:4"],
    ["after an evaluation was recorded", "record:recordEvaluation:3"],
    ["before a checkpoint's first byte", "record:flush:2"],
    ["in the middle of a checkpoint", "kill-after:save:2"],
    ["in the middle of the first checkpoint", "kill-after:save:1"],
    ["in the last evaluation", "kill:sample:10"],
    ["in the middle of the last checkpoint", "kill-after:save:3"],
  ])("%s resumes to the same weights, metrics, rollouts and evaluations, bit for bit", async (_, fault) => {
    const directory = await temporaryDirectory();
    const file = join(directory, "fovea.config.json");
    await writeFile(file, JSON.stringify(tabularInput(directory, faulty)));
    const killed = await runFovea(["train", file, "--quiet"], { env: { FOVEA_FAULT: fault } });
    expect(killed.signal, killed.stderr).toBe("SIGKILL");
    const run = join(directory, "runs", "run");
    expect(readStatus(join(run, "status.json"))?.state).toBe("running");
    const { status } = await resumeTraining(run);
    expect(status.state).toBe("finished");
    expect(deterministicContents(run, 6)).toEqual(unbroken);
    expect(existsSync(join(run, "run.lock"))).toBe(false);
  });

  it("may be killed again and again", async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, "fovea.config.json");
    await writeFile(file, JSON.stringify(tabularInput(directory, faulty)));
    const run = join(directory, "runs", "run");
    await runFovea(["train", file, "--quiet"], { env: { FOVEA_FAULT: "kill:step:7" } });
    const second = await runFovea(["train", "--resume", run, "--quiet"], { env: { FOVEA_FAULT: "kill-after:save:1" } });
    expect(second.signal, second.stderr).toBe("SIGKILL");
    const third = await runFovea(["train", "--resume", run, "--quiet"], { env: { FOVEA_FAULT: "kill:step:3" } });
    expect(third.signal, third.stderr).toBe("SIGKILL");
    await resumeTraining(run);
    expect(deterministicContents(run, 6)).toEqual(unbroken);
  });
});

describe("resuming", () => {
  it("from an older checkpoint, or from the beginning, does the steps again with the same results", async () => {
    const directory = await temporaryDirectory();
    const { directory: run } = await train(tabularConfiguration(directory));
    const contents = deterministicContents(run, 6);
    for (const fromStep of [4, 0]) {
      await resumeTraining(run, { fromStep });
      expect(deterministicContents(run, 6)).toEqual(contents);
    }
  });

  it("a finished run changes nothing", async () => {
    const { directory: run } = await train(tabularConfiguration(await temporaryDirectory()));
    const before = await readFile(join(run, "status.json"), "utf8");
    expect((await resumeTraining(run)).status.state).toBe("finished");
    expect(await readFile(join(run, "status.json"), "utf8")).toBe(before);
  });

  it("refuses a run whose base weights or data changed", async () => {
    const { directory: run } = await train(tabularConfiguration(await temporaryDirectory()));
    const manifest = join(run, "manifest.json");
    const changed = (await readFile(manifest, "utf8")).replace(/"baseWeights": "..../, '"baseWeights": "0000');
    await writeFile(manifest, changed);
    await expect(resumeTraining(run, { fromStep: 4 })).rejects.toThrow(/base weights changed since the run began/);
  });

  it("refuses a checkpoint whose metrics are gone", async () => {
    const { directory: run } = await train(tabularConfiguration(await temporaryDirectory()));
    const metrics = join(run, "metrics.jsonl");
    const lines = (await readFile(metrics, "utf8")).split("\n");
    await writeFile(metrics, `${lines.slice(0, 3).join("\n")}\n`);
    await expect(resumeTraining(run, { fromStep: 4 })).rejects.toThrow(
      /metrics\.jsonl ends with step 2, but the checkpoint is of step 4/,
    );
  });

  it("refuses what is no run directory", async () => {
    await expect(resumeTraining(await temporaryDirectory())).rejects.toThrow(
      /no run directory: it has no config\.json/,
    );
  });
});
