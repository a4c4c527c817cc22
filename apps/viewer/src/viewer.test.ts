import type { RunSummary } from "@fovea-rl/run-records/view-data";
import { describe, expect, it } from "vitest";
import { scaleColour, scalePosition } from "./colour/dependency-scale.ts";
import { groupBySetting, lineOfSeeds, smooth, stylesOfRuns } from "./parts/curve-line.ts";
import { STEP_INCREMENTS } from "./parts/curve-plot.ts";
import { SeriesCache } from "./source/series-cache.ts";
import { formatNumber, formatPoints } from "./text/format-number.ts";
import { visibleText, visibleToken } from "./text/visible-text.ts";
import { groupMetrics } from "./views/metric-groups.ts";

describe("visibleText", () => {
  it.each([
    ["\u0000\u0007\u007f", "␀␇␡"],
    ["a\nb", "a⏎\nb"],
    ["\u202eabc\u2066", "‹U+202E›abc‹U+2066›"],
    ["a\u200bb\ufeff", "a‹U+200B›b‹U+FEFF›"],
    ["\u{e0041}", "‹U+E0041›"],
    ["\ud800x", "‹U+D800›x"],
    ["שלום 👍 ñ", "שלום 👍 ñ"],
  ])("makes %j seen", (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("shows the spaces at a token's edges, and an empty token", () => {
    expect(visibleToken("  a b ")).toBe("··a b·");
    expect(visibleToken("")).toBe("∅");
  });
});

describe("formatNumber", () => {
  it.each([
    [0.123456, "0.1235"],
    [12345, "12345"],
    [0, "0"],
    [2.83359e-6, "2.834e-6"],
    [Number.NaN, "–"],
    [null, "–"],
    [-0.5, "-0.5"],
  ])("%j is %s", (value, shown) => {
    expect(formatNumber(value)).toBe(shown);
  });

  it("gives points their sign", () => {
    expect([0.012, -0.012].map(formatPoints)).toEqual(["+1.2", "−1.2"]);
  });
});

describe("the dependency scale", () => {
  it("grows with dependency from 0 to the largest that k3 gives", () => {
    expect([0, -1, Number.NaN].map(scalePosition)).toEqual([0, 0, 0]);
    expect(scalePosition(10)).toBe(1);
    const places = [0, 1e-4, 1e-2, 0.1, 1, 10].map(scalePosition);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it.each(["light", "dark"] as const)("leaves text readable on every colour, %s", (theme) => {
    const luminance = (rgb: readonly number[]) => {
      const [r, g, b] = rgb.map((channel) =>
        channel / 255 <= 0.04045 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    for (let place = 0; place <= 1; place += 0.01) {
      const { background, text } = scaleColour(place, theme);
      const behind = luminance(background.match(/\d+/g)!.map(Number));
      const contrast = text === "#ffffff" ? 1.05 / (behind + 0.05) : (behind + 0.05) / 0.05;
      expect(contrast, background).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe("curves", () => {
  it("smooths without the bias of a start at zero, and a constant not at all", () => {
    const at = (steps: readonly number[], values: readonly number[], weight: number) =>
      smooth({ steps, values }, weight);
    expect(at([1, 2, 3], [3, 3, 3], 0.9).map((value) => Math.round(value * 1e9) / 1e9)).toEqual([3, 3, 3]);
    expect(at([1, 2], [1, 2], 0.5)).toEqual([1, 5 / 3]);
  });

  it("smooths over steps, not over points: an evaluation every 25 steps is worth 25 steps", () => {
    const [, second] = smooth({ steps: [2, 4], values: [1, 2] }, 0.5);
    expect(second).toBeCloseTo((0.25 * 0.75 + 2 * 0.75) / (1 - 0.25 ** 2), 12);
  });

  it("draws seeds as mean and range where all of them are", () => {
    const series = (values: readonly number[]) => ({ steps: values.map((_, step) => step), values, stepsPerPoint: 1 });
    const line = lineOfSeeds("x", [series([1, 2, 9]), series([3, 6])], { colour: "", dash: [] }, 0);
    expect(line).toMatchObject({ steps: [0, 1], values: [2, 4], low: [1, 2], high: [3, 6] });
  });

  it("are one line for seeds of one setting, and two where a comparison holds two of the same options apart", () => {
    const run = (id: string, setting: string, label?: string) =>
      ({ id, setting, ...(label === undefined ? {} : { label }) }) as RunSummary;
    const runs = [run("a", "s"), run("b", "t"), run("c", "s"), run("d", "t", "first"), run("e", "t", "second")];
    expect(groupBySetting(runs).map((group) => group.map(({ id }) => id))).toEqual([["a", "c"], ["b"], ["d"], ["e"]]);
  });

  it("have a style each, or that of their band where seeds are bands", () => {
    const runs = ["a", "b", "a", "b"].map((setting, index) => ({ id: `${setting}${index}`, setting }) as RunSummary);
    const colours = (seedsAsBands: boolean) =>
      [...stylesOfRuns(runs, seedsAsBands, "light")].map(([id, { colour }]) => [id, colour]);
    const [first, second, third, fourth] = colours(false).map(([, colour]) => colour);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
    expect(Object.fromEntries(colours(true))).toEqual({ a0: first, a2: first, b1: second, b3: second });
  });

  it("have ticks at whole steps only", () => {
    expect(STEP_INCREMENTS[0]).toBe(1);
    expect(STEP_INCREMENTS).toEqual(STEP_INCREMENTS.map(Math.round).toSorted((a, b) => a - b));
  });

  it("are grouped by name, the ones that matter most first", () => {
    expect(
      groupMetrics(["time/step-seconds", "reward/mean", "reward/minimum", "learning-rate", "reward/mean"]),
    ).toEqual([
      { title: "key metrics", names: ["reward/mean"] },
      { title: "other", names: ["learning-rate"] },
      { title: "reward", names: ["reward/minimum"] },
      { title: "time", names: ["time/step-seconds"] },
    ]);
  });
});

describe("SeriesCache", () => {
  it("asks once for what is wanted together, and again after a change", async () => {
    const asked: string[][] = [];
    const cache = new SeriesCache(async (_, names) => {
      asked.push([...names]);
      return Object.fromEntries(names.map((name) => [name, { steps: [1], values: [asked.length], stepsPerPoint: 1 }]));
    });
    const [a, b] = await Promise.all([cache.get("run", ["a"]), cache.get("run", ["b", "a"])]);
    expect(asked).toEqual([["a", "b"]]);
    expect(a["a"]).toEqual(b["a"]);
    await cache.get("run", ["a"]);
    expect(asked).toHaveLength(1);
    cache.forget("run");
    expect((await cache.get("run", ["a"]))["a"]!.values).toEqual([2]);
  });

  it("keeps no failure", async () => {
    let fails = true;
    const cache = new SeriesCache(async () => {
      if (fails) throw new Error("gone");
      return {};
    });
    await expect(cache.get("run", ["a"])).rejects.toThrow("gone");
    fails = false;
    expect(await cache.get("run", ["a"])).toEqual({});
  });
});
