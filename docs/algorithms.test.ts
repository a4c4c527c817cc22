import { readFileSync } from "node:fs";
import cispo from "@fovea-rl/algo-cispo";
import dapo from "@fovea-rl/algo-dapo";
import grpo from "@fovea-rl/algo-grpo";
import gspo from "@fovea-rl/algo-gspo";
import papo from "@fovea-rl/algo-papo";
import vppo from "@fovea-rl/algo-vppo";
import type { AlgorithmDefinition } from "@fovea-rl/core";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const page = readFileSync(new URL("./algorithms.md", import.meta.url), "utf8");
const definitions = { grpo, dapo, vppo, gspo, cispo, papo } as unknown as Readonly<Record<string, AlgorithmDefinition>>;

interface Line {
  readonly label: string;
  readonly text: string;
  readonly use: string;
  readonly options: unknown;
}

/** The rows of the page's tables that hold a configuration of one line: what a config in YAML or TypeScript would say. */
const lines = [
  ...page.matchAll(/^\|(?<label>[^|]*)\|.*?`(?<text>algorithm: [^`]+)`/gm),
  ...page.matchAll(/^\| `(?<text>algorithm: [^`]+)`/gm),
].map(({ groups }): Line => {
  const { algorithm } = parse(groups!["text"]!);
  const { use, options = {} } = typeof algorithm === "string" ? { use: algorithm } : algorithm;
  return { label: (groups!["label"] ?? "").trim(), text: groups!["text"]!, use, options };
});

async function resolved(use: string, options: unknown): Promise<unknown> {
  const result = await definitions[use]!.optionsSchema["~standard"].validate(options);
  if (result.issues) throw new Error(result.issues.map(({ message }) => message).join("; "));
  return result.value;
}

describe("the page on algorithms", () => {
  it("tells all algorithms apart, each by its name alone", () => {
    const named = lines.filter(({ text }) => /^algorithm: "\w+"$/.test(text)).map(({ use }) => use);
    expect(named).toEqual(Object.keys(definitions));
    for (const name of named) expect(definitions[name]!.name).toBe(name);
  });

  it.each(Object.entries(definitions))(
    "keeps its promise for %s: no key at all is a whole setting",
    async (name, definition) => {
      const defaults = await resolved(name, {});
      expect(definition.requirements(defaults)).toContain("custom-loss");
      // Written out in full it is the same setting: no default depends on whether a key was given.
      expect(await resolved(name, defaults)).toEqual(defaults);
    },
  );

  it.each(lines.map((line) => [line.text, line] as const))(
    "is right that this is valid: %s",
    async (_, { label, use, options }) => {
      const settings = await resolved(use, options);
      const defaults = await resolved(use, {});
      const isDefault = label.includes("(the default)") || Object.keys(options as object).length === 0;
      if (isDefault) expect(settings).toEqual(defaults);
      else expect(settings).not.toEqual(defaults);
    },
  );

  it("has no line twice under different names", async () => {
    const ablations = lines.filter(({ label }) => !label.includes("(the default)"));
    const settings = await Promise.all(
      ablations.map(async ({ use, options }) => JSON.stringify([use, await resolved(use, options)])),
    );
    expect(new Set(settings).size).toBe(settings.length);
  });

  it("lists every choice that VPPO's options have", async () => {
    const settings = await Promise.all(
      lines.filter(({ use }) => use === "vppo").map(({ use, options }) => resolved(use, options)),
    );
    const chosen = (path: string) =>
      new Set(
        settings.map((one) =>
          path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], one),
        ),
      );
    const choices: Readonly<Record<string, readonly unknown[]>> = {
      "base.algorithm": ["dapo", "grpo"],
      "perception.estimator": ["k3", "kl", "jsd", "top1-drop"],
      "perception.perturbation.kind": ["patch-black", "gaussian-noise", "gaussian-blur", "grey"],
      "perception.perturbation.patchSize": [14, 28],
      "perception.perturbation.probability": [0.5, 0.3],
      "perception.sharing": ["rollout", "prompt"],
      "shaping.betaMax": ["dynamic", 1.2],
      "shaping.scope": ["mini-batch", "batch", "group"],
      "shaping.target": ["advantage", "reward"],
      "filtering.fraction": [0.2, 0.4, 0.6],
      "filtering.selection": ["dependency", "entropy", "random"],
      "filtering.mask": ["hard", "soft"],
    };
    for (const [path, values] of Object.entries(choices)) {
      for (const value of values) expect(chosen(path), path).toContain(value);
    }
    expect(settings).toContainEqual(
      expect.objectContaining({ shaping: false, filtering: expect.objectContaining({}) }),
    );
    expect(settings).toContainEqual(
      expect.objectContaining({ filtering: false, shaping: expect.objectContaining({}) }),
    );
  });
});
