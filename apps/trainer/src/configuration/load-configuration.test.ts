import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { tabularInput, temporaryDirectory } from "../../fixtures/tabular-configuration.ts";
import { loadRunPlugins } from "../training/assemble-run.ts";
import { loadConfiguration } from "./load-configuration.ts";

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const json = (changes: object = {}) => JSON.stringify({ ...tabularInput(directory), ...changes });

describe("a configuration file", () => {
  it("means the same as TypeScript, JavaScript, JSON and YAML", async () => {
    const module = `import { defineConfig } from "@fovea-rl/trainer";\nexport default defineConfig(${json()});`;
    const loaded = await Promise.all([
      loadConfiguration(await write("a.json", json())),
      loadConfiguration(await write("b.yaml", stringify(tabularInput(directory)))),
      loadConfiguration(await write("c.ts", module.replace(");", " as const);"))),
      loadConfiguration(await write("d.mjs", module)),
    ]);
    for (const { configuration } of loaded) expect(configuration).toEqual(loaded[0]!.configuration);
    expect(loaded[0]!.configuration.algorithm).toEqual({ use: "vppo", options: {} });
    expect(loaded[0]!.configuration.rewards).toEqual([{ use: "boxed-answer", weight: 1, options: {} }]);
  });

  it("is refused by name when it does not exist, does not parse, or holds something else", async () => {
    await expect(loadConfiguration(join(directory, "none.json"))).rejects.toThrow(/no configuration file .*none\.json/);
    await expect(loadConfiguration(await write("a.json", "{"))).rejects.toThrow(
      /cannot read the configuration .*a\.json/,
    );
    await expect(loadConfiguration(await write("b.yaml", "a: [1"))).rejects.toThrow(/b\.yaml.*line 1/s);
    await expect(loadConfiguration(await write("c.ts", "export default 3;"))).rejects.toThrow(/as its default export/);
    await expect(loadConfiguration(await write("d.toml", ""))).rejects.toThrow(/\.ts, \.js, \.json or \.yaml/);
    await expect(loadConfiguration(await write("e.ts", "import './gone.ts';"))).rejects.toThrow(/gone\.ts/);
  });

  it("is refused with the path and the nearest valid name of an unknown option", async () => {
    const path = await write("a.json", json({ trainning: {}, sampling: { maximumTokenz: 3, temperature: -1 } }));
    const error = await loadConfiguration(path).catch(String);
    expect(error).toContain('trainning is not an option; did you mean "training"?');
    expect(error).toContain('sampling.maximumTokenz is not an option; did you mean "maximumTokens"?');
    expect(error).toContain("sampling.temperature");
    expect(error).toContain("(it is -1)");
  });

  it("names what is missing", async () => {
    const error = await loadConfiguration(await write("a.json", json({ policy: undefined, training: {} }))).catch(
      String,
    );
    expect(error).toMatch(/policy: .*\(it is missing\)/);
    expect(error).toMatch(/training\.learningRate: .*\(it is missing\)/);
  });

  it("gives settings of one algorithm labels to compare them by", async () => {
    const algorithms = ["grpo", { label: "vppo k=0.2", use: "vppo", options: { filtering: { fraction: 0.2 } } }];
    const { configuration } = await loadConfiguration(await write("a.json", json({ comparison: { algorithms } })));
    expect(configuration.comparison.algorithms).toEqual([{ use: "grpo", options: {} }, algorithms[1]]);
  });

  it.each([
    ["", /comparison\.algorithms\[0\]\.label: must not be empty \(it is ""\)$/],
    ["a/b", /algorithms\[0\]\.label: must be fit for a directory's name: .* \(it is "a\/b"\)/],
    ["..", /must be fit for a directory's name/],
    [".hidden", /must be fit for a directory's name/],
    ["wide ", /must be fit for a directory's name/],
    ["k=0.2, k=0.4", /must be fit for a directory's name/],
    ["a\nb", /must be fit for a directory's name/],
    ["k".repeat(101), /algorithms\[0\]\.label: .*100/],
    [3, /algorithms\[0\]\.label: .*expected string/],
  ])("is refused with the label %j", async (label, message) => {
    const path = await write("a.json", json({ comparison: { algorithms: [{ label, use: "vppo" }] } }));
    await expect(loadConfiguration(path)).rejects.toThrow(message);
  });

  it("is refused with the nearest name of an option that a compared algorithm does not have", async () => {
    const path = await write("a.json", json({ comparison: { algorithms: [{ lable: "wide", use: "vppo" }] } }));
    await expect(loadConfiguration(path)).rejects.toThrow(
      'comparison.algorithms[0].lable is not an option; did you mean "label"?',
    );
  });

  it("is refused when mini-batches would differ in size", async () => {
    const path = await write("a.json", json());
    await expect(loadConfiguration(path, ["training.miniBatchesPerUpdate=3"])).rejects.toThrow(
      /promptsPerUpdate \(4\) must be a multiple of training\.miniBatchesPerUpdate \(3\)/,
    );
  });
});

describe("--set", () => {
  it("overrides values with YAML, in sections, lists and written-out shorthands", async () => {
    const path = await write("a.json", json());
    const { configuration } = await loadConfiguration(path, [
      "training.learningRate.peak=1e-4",
      "algorithm.options.filtering=false",
      "rewards[0].weight=0.5",
      "rewards.1.use=format",
      "task=digits",
    ]);
    expect(configuration.training.learningRate.peak).toBe(1e-4);
    expect(configuration.algorithm).toEqual({ use: "vppo", options: { filtering: false } });
    expect(configuration.rewards.map(({ use, weight }) => [use, weight])).toEqual([
      ["boxed-answer", 0.5],
      ["format", 1],
    ]);
    expect(configuration.task.use).toBe("digits");
  });

  it.each([
    ["training.updates", /write it as path=value/],
    ["training..updates=3", /is not a path/],
    ["__proto__.polluted=1", /is not a path/],
    ["seed.value=3", /seed is 1, not a section/],
    ["rewards.7.use=format", /no place in it/],
    ["seed=[1", /not valid YAML/],
    ["training.updtes=3", /training\.updtes is not an option; did you mean "updates"/],
  ])("refuses %s", async (override, message) => {
    const path = await write("a.json", json({ seed: 1 }));
    await expect(loadConfiguration(path, [override])).rejects.toThrow(message);
  });
});

describe("a plug-in", () => {
  const plugins = async (overrides: readonly string[]) => {
    const { configuration, baseDirectory } = await loadConfiguration(await write("a.json", json()), overrides);
    return loadRunPlugins(configuration, baseDirectory);
  };

  it("is found by its short name, its package, or its file beside the configuration", async () => {
    await write("mine.mjs", 'export { default } from "./copy.mjs";');
    await write(
      "copy.mjs",
      `const schema = { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } };
       export default { kind: "task", specificationVersion: 1, name: "mine", optionsSchema: schema, create() {} };`,
    );
    const found = await plugins(["task=./mine.mjs", "algorithm=@fovea-rl/algo-dapo"]);
    expect(found.task.definition.name).toBe("mine");
    expect(found.algorithm.definition.name).toBe("dapo");
    expect(found.verifiers[0]!.plugin.definition.name).toBe("boxed-answer");
  });

  it.each([
    [["algorithm=vpo"], /the algorithm "vpo" was found neither .* did you mean "vppo"\?/],
    [["task=digit"], /did you mean "digits"\?/],
    [["rewards.0.use=boxed"], /the verifier "boxed" was found neither/],
    [["algorithm=@someone/algo-new"], /npm install @someone\/algo-new/],
    [
      ["algorithm=@fovea-rl/testkit/tabular-task"],
      /is a plug-in of kind "task", but one of kind "algorithm" is needed/,
    ],
    [["algorithm=@fovea-rl/core"], /is no Fovea plug-in/],
    [["algorithm.options.filterng=1"], /algorithm\.options\.filterng is not an option; did you mean "filtering"\?/],
    [["algorithm.options.filtering.fracton=0.3"], /filtering\.fracton is not an option; did you mean "fraction"\?/],
    [["algorithm.options.filtering=true"], /filtering: Invalid input: expected false, or expected object/],
    [["algorithm.options.shaping.betaMax=-1"], /shaping\.betaMax: .*\(it is -1\)/],
    [["rewards.0.options.tolerance=-1"], /rewards\[0\]\.options\.tolerance: .*\(it is -1\)/],
    [["task.options.heldOutPrompt=1"], /task\.options\.heldOutPrompt .* did you mean "heldOutPrompts"/],
    [["recorders.0.use=tensorbord"], /did you mean "tensorboard"\?/],
  ])("is refused clearly: %s", async (overrides, message) => {
    await expect(plugins(overrides)).rejects.toThrow(message);
  });

  it("of other contracts is refused by version", async () => {
    await write("old.mjs", 'export default { kind: "algorithm", specificationVersion: 0, name: "old" };');
    await expect(plugins(["algorithm=./old.mjs"])).rejects.toThrow(
      /version 0 of Fovea's contracts; this trainer has version 1/,
    );
  });
});
