import { existsSync } from "node:fs";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { deterministicContents } from "../../fixtures/run-contents.ts";
import { runFovea } from "../../fixtures/run-fovea.ts";
import { tabularConfiguration, tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import type { ConfigurationInput } from "../configuration/configuration.ts";
import { readStatus } from "../run-directory/run-status.ts";
import { train } from "../training/train.ts";

// Each starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let directory: string;
let run: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  run = join(directory, "runs", "run");
});

async function writeConfiguration(changes: Partial<ConfigurationInput> = {}): Promise<void> {
  await writeFile(join(directory, "fovea.config.json"), JSON.stringify(tabularInput(directory, changes)));
}

const fovea = (...args: string[]) => runFovea(args, { cwd: directory });

describe("fovea train", () => {
  it("prints plain lines where there is no terminal, and the result with intervals, time and report", async () => {
    await writeConfiguration();
    const { exitCode, stdout, stderr } = await fovea("train");
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^held-out accuracy of the base: [\d.]+ % \(95 % interval/m);
    expect(stderr.match(/^update \d\/6 .*reward [\d.-]+ .*tokens\/s$/gm)).toHaveLength(6);
    expect(stdout).toMatch(/accuracy before +[\d.]+ % \(95 % interval [\d.]+ to [\d.]+, 16 held-out prompts\)/);
    expect(stdout).toMatch(/accuracy after/);
    expect(stdout).toMatch(/6 updates in [\d.]+ s/);
    expect(stdout).toContain("report           runs/run/report.html");
    expect(existsSync(join(run, "report.html"))).toBe(true);
  });

  it("ends with 2 and a sentence, not a stack, when the user can put it right", async () => {
    const { exitCode, stderr } = await fovea("train");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: there is no configuration in .*: write a fovea\.config\.ts/);
    expect(stderr).not.toContain("    at ");
    expect((await fovea("trian")).exitCode).toBe(2);
  });

  it("on Ctrl-C finishes the update, saves, says how to resume; resumed, it ends like an unbroken run", async () => {
    const longer = { training: { ...tabularInput(directory).training, updates: 40 }, checkpoints: { everyUpdates: 0 } };
    await writeConfiguration(longer);
    let isSent = false;
    const interrupted = await runFovea(["train"], {
      cwd: directory,
      onStderr: (text, child) => {
        if (!isSent && /^update +3\//m.test(text)) isSent = child.kill("SIGINT");
      },
    });
    expect(interrupted.exitCode, interrupted.stderr).toBe(130);
    expect(interrupted.stdout).toMatch(/saved after \d+ of 40 updates; to go on: fovea train --resume runs\/run/);
    const status = readStatus(join(run, "status.json"))!;
    expect(status.state).toBe("interrupted");
    expect(await readdir(join(run, "checkpoints"))).toEqual([`step-${status.step}`]);
    expect((await fovea("train", "--resume", "runs/run")).exitCode).toBe(0);

    const unbroken = await temporaryDirectory();
    await train(tabularConfiguration(unbroken, longer));
    expect(deterministicContents(run, 40)).toEqual(deterministicContents(join(unbroken, "runs", "run"), 40));
  });

  it("on a second Ctrl-C ends at once", async () => {
    await writeConfiguration({ policy: fileURLToPath(new URL("../../fixtures/endless-policy.ts", import.meta.url)) });
    let sent = 0;
    const { signal } = await runFovea(["train"], {
      cwd: directory,
      onStderr: (text, child) => {
        if (sent === 0 && text.includes("sampling without end")) sent += Number(child.kill("SIGINT"));
        if (sent === 1 && text.includes("Ctrl-C once more")) sent += Number(child.kill("SIGINT"));
      },
    });
    expect(signal).toBe("SIGINT");
  });

  it("refuses a run directory that another process works on", async () => {
    await writeConfiguration({ policy: fileURLToPath(new URL("../../fixtures/endless-policy.ts", import.meta.url)) });
    let second: Awaited<ReturnType<typeof runFovea>> | undefined;
    let asked = false;
    await runFovea(["train"], {
      cwd: directory,
      onStderr: (text, child) => {
        if (asked || !text.includes("sampling without end")) return;
        asked = true;
        void fovea("train", "--resume", "runs/run").then((result) => {
          second = result;
          child.kill("SIGKILL");
        });
      },
    });
    expect(second?.exitCode).toBe(2);
    expect(second?.stderr).toMatch(/error: the run directory is in use by process \d+/);
  });

  it("without space for a checkpoint stops with a sentence and keeps the one before", async () => {
    // The limit lets metrics and the first steps through; rollouts.jsonl of step 6 does not fit.
    await writeConfiguration({ recorders: [{ use: "rollouts", options: { everyUpdates: 6, prompts: 4 } }] });
    const { exitCode, stderr } = await runFovea(["train"], { cwd: directory, prefix: "ulimit -f 12;" });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(/error: cannot write .*: the file would exceed the size this process may write/);
    const names = await readdir(run, { recursive: true });
    expect(names.filter((name) => name.includes("partial"))).toEqual([]);
    expect(names).not.toContain("run.lock");
    const lines = await readFile(join(run, "metrics.jsonl"), "utf8");
    for (const line of lines.trimEnd().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
    // With space again it goes on, to the same end.
    expect((await fovea("train", "--resume", "runs/run")).exitCode).toBe(0);
    expect(readStatus(join(run, "status.json"))?.state).toBe("finished");
  });

  it("refuses a broken checkpoint by the file's name and says what is left", async () => {
    await writeConfiguration();
    await fovea("train", "--quiet");
    await truncate(join(run, "checkpoints", "step-6", "policy", "tabular-policy.bin"), 10);
    await writeFile(
      join(run, "status.json"),
      (await readFile(join(run, "status.json"), "utf8")).replace("finished", "running"),
    );
    const refused = await fovea("train", "--resume", "runs/run");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(
      /policy\/tabular-policy\.bin has 10 bytes, it was written with \d+; to go on from step 4: fovea train --resume .*--from-step 4/,
    );
    expect((await fovea("train", "--resume", "runs/run", "--from-step", "4")).exitCode).toBe(0);
  });

  it("does not let --resume and a configuration contradict each other", async () => {
    const { exitCode, stderr } = await fovea("train", "--resume", "runs/run", "--set", "seed=3");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("leave out the configuration file and --set");
  });
});

describe("fovea evaluate", () => {
  it("measures checkpoints greedily and by samples, overall and by family", async () => {
    await train(tabularConfiguration(directory));
    const greedy = await fovea("evaluate", "runs/run");
    expect(greedy.exitCode, greedy.stderr).toBe(0);
    expect(greedy.stdout).toMatch(/step 6 of runs\/run/);
    expect(greedy.stdout).toMatch(/│ upper +│ [\d.]+ %/);
    const base = JSON.parse(await readFile(join(run, "metrics.jsonl"), "utf8").then((text) => text.split("\n")[0]!));
    await fovea("evaluate", "runs/run", "--step", "0", "--name", "base");
    const summary = JSON.parse(await readFile(join(run, "evaluations", "base.json"), "utf8"));
    expect(summary.overall.accuracy).toBe(base.metrics["evaluation/accuracy"]);
    const sampled = await fovea("evaluate", "runs/run", "--samples", "4", "--prompts", "8");
    expect(sampled.stdout).toContain("avg@4");
    const answers = await readFile(join(run, "evaluations", "step-6-avg-at-4.jsonl"), "utf8");
    expect(answers.trimEnd().split("\n")).toHaveLength(32);
    expect((await fovea("evaluate", "runs/run", "--step", "5")).stderr).toContain(
      "no checkpoint of step 5; there are: 4, 6",
    );
  });
});

describe("fovea --help", () => {
  it.each(["train", "compare", "evaluate", "report", "doctor"])("of %s has an example", async (command) => {
    const { exitCode, stdout } = await fovea(command, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`$ fovea ${command}`);
  });
});

describe("fovea doctor", () => {
  it("lists what is here, how to get the rest, and what a configuration amounts to", async () => {
    await writeConfiguration();
    const { exitCode, stdout } = await fovea("doctor", "fovea.config.json");
    expect(exitCode, stdout).toBe(0);
    for (const name of ["vppo", "dapo", "grpo", "digits", "boxed-answer", "tfjs: wasm", "tabular"])
      expect(stdout).toContain(name);
    expect(stdout).toMatch(/tfjs: tensorflow-gpu .*absent/);
    await writeConfiguration({ sampling: { maximumTokens: 99 } });
    const broken = await fovea("doctor", "fovea.config.json");
    expect(broken.exitCode).toBe(2);
    expect(broken.stdout).toMatch(/up to 108 of 64/);
  });
});
