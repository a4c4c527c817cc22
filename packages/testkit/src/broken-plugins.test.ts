import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: "passed" | "failed" | "skipped";
    }[];
  }[];
}

/** Runs the suites against broken plug-ins in a vitest of its own, and gives the tests that failed, by plug-in. */
async function failuresByPlugin(): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), "fovea-testkit-"));
  const outputFile = join(folder, "report.json");
  const vitest = fileURLToPath(new URL("../vitest.mjs", import.meta.resolve("vitest")));
  const config = "packages/testkit/fixtures/broken-plugins/vitest.config.ts";
  const options = ["run", "--root", root, "--config", config, "--reporter", "json", "--outputFile", outputFile];
  // What this vitest says of itself in the environment is not true of the other one.
  const environment = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$)/.test(name));
  await new Promise((resolve) => {
    // A failing run is the point: the exit code says nothing.
    execFile(process.execPath, [vitest, ...options], { cwd: root, env: Object.fromEntries(environment) }, resolve);
  });
  const report = JSON.parse(await readFile(outputFile, "utf8")) as Report;
  await rm(folder, { recursive: true });
  const failures = new Map<string, string[]>();
  for (const { ancestorTitles, title, status } of report.testResults.flatMap((file) => file.assertionResults)) {
    const plugin = ancestorTitles[0]!.replace(", defaults", "");
    const failed = failures.get(plugin) ?? [];
    if (status === "failed") failed.push(title);
    failures.set(plugin, failed);
  }
  return failures;
}

let failures: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  failures = await failuresByPlugin();
}, 300_000);

describe("describeAlgorithm", () => {
  it("passes a sound algorithm", () => {
    expect(failures.get("the algorithm sound")).toEqual([]);
  });

  it.each([
    [
      "normalised by the micro-batch",
      "has the same loss, gradient and metrics however a mini-batch is split into micro-batches",
    ],
    ["padding counted", "does not depend on padding"],
    ["divided by the spread", "gives every token of every rollout finite credit and the columns that its loss reads"],
    ["reward without baseline", "gives a group of equal rewards exactly zero advantage"],
    ["open to any option", "refuses an option that it does not have"],
    ["undeclared reference", "gives every token of every rollout finite credit and the columns that its loss reads"],
    ["unseeded", "gives the same credit for the same update, and leaves the update as it was"],
    ["bound to places", "permutes its credit with the groups and the rollouts"],
    ["upside down", "trains a policy to answer better"],
    ["meddling", "gives the same credit for the same update, and leaves the update as it was"],
    ["leaking", "leaves no tensor behind"],
    ["exploding", "has a finite loss and gradient, also where the policy has moved far"],
  ])("finds what is wrong with an algorithm that is %s", (algorithm, test) => {
    expect(failures.get(`the algorithm ${algorithm}`)).toContain(test);
  });
});

describe("describePolicy", () => {
  it("passes a sound engine", () => {
    expect(failures.get("the policy engine sound")).toEqual([]);
  });

  it.each([
    ["drawing by place in the batch", "draws each rollout whatever else is in the batch"],
    [
      "scoring another temperature",
      "reports log-probabilities at the training temperature and of all tokens, also under greedy choice",
    ],
    ["half a gradient", "agree with finite differences along themselves"],
    ["keeping the gradient after the step", "add up until the step, which clears them"],
    ["blind", "sees the image, or refuses one"],
    ["silent about what it cannot do", "gives entropies that agree with the distributions, or refuses"],
    ["silent about what it cannot do", "are scaled down to the asked norm, or the engine says that it cannot"],
    ["forgetting its optimiser", "restore weights, optimiser and reference, so that training goes on to the same bits"],
    ["loading anything", "are refused when a file that loading reads is cut short, and leave the policy as it was"],
  ])("finds what is wrong with an engine that is %s", (engine, test) => {
    expect(failures.get(`the policy engine ${engine}`)).toContain(test);
  });
});
