import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseRollout } from "@fovea-rl/run-records";
import { buildReport, type RunServer, serveRuns } from "@fovea-rl/run-viewer";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPath, launchBrowser } from "./browser.ts";
import { type ExampleRuns, HOSTILE, makeExampleRuns, readMetrics } from "./example-runs.ts";
import { expectAccessible, expectShown, openPage } from "./watched-page.ts";

const PATIENCE = { timeout: 60_000 };
const VIEWS = ["runs", "compare", "rollouts", "perception"] as const;

// Generous, since a browser shares the machine with the other tests; nothing here waits longer than it must.
describe.skipIf(browserPath === undefined)("the viewer in a browser", { timeout: 240_000 }, () => {
  let browser: Browser;
  let example: ExampleRuns;
  let server: RunServer;

  beforeAll(async () => {
    example = await makeExampleRuns();
    server = await serveRuns([example.folder], { interval: 100 });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function rolloutsOf(run: string, step: number) {
    const text = await readFile(join(example.folder, run, "rollouts", `step-${step}.jsonl`), "utf8");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => parseRollout(line)!);
  }

  /** Width of the image on the page once it is decoded; rejected if it cannot be. */
  function imageWidth(page: Page): Promise<unknown> {
    return page.evaluate(
      "(async (image) => (await image.decode(), image.naturalWidth))(document.querySelector('.images img'))",
    );
  }

  function rolloutAddress(run: string, rollout: { readonly promptId: string; readonly sampleIndex: number }): string {
    const query = new URLSearchParams({ run, file: "rollouts/step-6", prompt: rollout.promptId });
    return `${server.address}#/rollout?${query}&sample=${rollout.sampleIndex}`;
  }

  it.each(["light", "dark"] as const)(
    "opens every view without an error and accessibly, %s",
    async (colorScheme) => {
      const { page, troubles } = await openPage(browser, { colorScheme });
      for (const view of VIEWS) {
        await page.goto(`${server.address}#/${view}?run=${example.run}`);
        await page.locator("h1").first().waitFor();
        await page.waitForLoadState("load");
        await expectAccessible(page);
      }
      const [rollout] = await rolloutsOf(example.run, 6);
      await page.goto(rolloutAddress(example.run, rollout!));
      await page.locator(".token").nth(1).waitFor();
      await expectAccessible(page);
      expect(troubles).toEqual([]);
      await page.close();
    },
    240_000,
  );

  it("fits a phone without sideways scrolling", async () => {
    const { page, troubles } = await openPage(browser, { viewport: { width: 360, height: 740 } });
    for (const view of VIEWS) {
      await page.goto(`${server.address}#/${view}?run=${example.run}`);
      await page.locator("h1").first().waitFor();
      await page.waitForTimeout(200);
      expect(await page.evaluate("document.documentElement.scrollWidth"), view).toBeLessThanOrEqual(360);
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("shows the values of the run's files", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=${example.run}`);
    const last = (await readMetrics(example.folder, example.run)).filter(({ kind }) => kind === "update").at(-1)!;
    for (const name of ["reward/mean", "response/length-mean", "dependency/mean"]) {
      const reading = page.locator(`[data-metric="${name}"] .readings .value`).first();
      await reading.scrollIntoViewIfNeeded();
      expectShown(await reading.textContent(), last.metrics[name]!);
    }
    const all = (await Promise.all([1, 3, 6].map((step) => rolloutsOf(example.run, step)))).flat();
    await page.goto(`${server.address}#/rollouts?run=${example.run}`);
    await page.getByText(`${all.length} of ${all.length} rollouts`).waitFor();
    const right = all.filter(({ components }) => components["accuracy"] === 1);
    await page.getByLabel("Answer").selectOption("right");
    await page.getByText(`${right.length} of ${all.length} rollouts`).waitFor();
    await page.getByLabel("Answer").selectOption("");
    const { promptId } = all[0]!;
    const found = all.filter(({ text, referenceAnswer, promptId: id }) =>
      [text, referenceAnswer, id].some((one) => one.includes(promptId)),
    );
    await page.getByLabel("Text").fill(promptId);
    await page.getByText(`${found.length} of ${all.length} rollouts`).waitFor();

    await page.goto(`${server.address}#/perception?run=${example.run}`);
    const tokens = all.reduce((sum, { tokenTexts }) => sum + tokenTexts.length, 0);
    await page.getByText(`${tokens} tokens of ${all.length} rollouts`).waitFor();
    const dependencies = all.flatMap(({ columns }) => columns["dependency"]!);
    const mean = dependencies.reduce((sum, value) => sum + value, 0) / dependencies.length;
    const row = page.getByRole("row", { name: /^all / }).getByRole("cell");
    expectShown(await row.nth(2).textContent(), mean);
    await page.close();
  });

  it("shows a token's numbers, and the perturbed image, and goes on by keyboard alone", async () => {
    const { page, troubles } = await openPage(browser);
    const rollouts = await rolloutsOf(example.run, 6);
    const rollout = rollouts[0]!;
    await page.goto(rolloutAddress(example.run, rollout));
    await page.locator(".token").nth(1).waitFor();
    const kept = rollout.columns["tokenWeights"]!.filter((weight) => weight === 1).length;
    expect(await page.locator(".tokens .token.pivotal").count()).toBe(kept);
    await page.locator(".tokens .token[tabindex='0']").focus();
    await page.keyboard.press("Home");
    const fact = (name: string) =>
      page.locator(".token-facts dl > div", { hasText: name }).first().locator("dd").textContent();
    for (const [index] of rollout.tokenTexts.entries()) {
      if (index > 0) await page.keyboard.press("ArrowRight");
      await page.getByText(`Token ${index + 1} of ${rollout.tokenTexts.length}`).waitFor();
      expectShown(await fact("probability with the image"), Math.exp(rollout.behaviourLogprobs![index]!));
      expectShown(await fact("with the perturbed image"), Math.exp(rollout.columns["perturbedLogprobs"]![index]!));
      expectShown(await fact("visual dependency"), rollout.columns["dependency"]![index]!);
      expectShown(await fact("advantage before shaping"), rollout.columns["baseAdvantages"]![index]!);
    }
    const image = page.locator(".images img");
    const before = await image.getAttribute("src");
    await page.keyboard.press("i");
    await page.getByAltText("Perturbed image 1 of the prompt").waitFor();
    expect(await image.getAttribute("src")).not.toBe(before);
    expect(await imageWidth(page)).toBe(8);
    await page.keyboard.press("n");
    await page.getByRole("heading", { name: `#${rollouts[1]!.sampleIndex}`, level: 1 }).waitFor();
    await page.keyboard.press("p");
    await page.getByRole("heading", { name: `#${rollout.sampleIndex}`, level: 1 }).waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("outlines the pivotal tokens of what fovea perceive measured, whatever trained the run", async () => {
    const { page, troubles } = await openPage(browser);
    const text = await readFile(join(example.folder, "perceived", "perception", "step-6.jsonl"), "utf8");
    const rollout = parseRollout(text.slice(0, text.indexOf("\n")))!;
    const query = new URLSearchParams({ run: "perceived", file: "perception/step-6", prompt: rollout.promptId });
    await page.goto(`${server.address}#/rollout?${query}&sample=${rollout.sampleIndex}`);
    await page.locator(".token").nth(1).waitFor();
    const outlined = await page.locator(".tokens .token.pivotal").count();
    expect(outlined).toBe(Math.ceil(0.4 * rollout.tokenTexts.length - 1e-12));
    await page.getByText("VPPO would learn from it").waitFor();
    // A gap within the outline: in the dark, much dependency has nearly its colour.
    const shadows = (await page.evaluate(
      "[...document.querySelectorAll('.tokens .token.pivotal')].map((token) => getComputedStyle(token).boxShadow)",
    )) as string[];
    for (const shadow of shadows) expect(shadow).toContain("inset");
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("prints mean, interval and paired difference of each question family", async () => {
    const { page, troubles } = await openPage(browser);
    await page.goto(`${server.address}#/compare?run=${example.run}`);
    const rows = page.locator(".families tbody", { hasText: "upper" }).getByRole("row");
    await rows.nth(1).waitFor();
    const cells = (row: number) => rows.nth(row).getByRole("cell").allTextContents();
    // UPPER.grpo: mean 0.625, s = 0.1767767, t(1) = 12.706205: half width 1.5882756. The differences are 0.25 and 0.125.
    expect(await cells(0)).toEqual(["2", "62.5 %", "-96.3 % to 221.3 %", "–"]);
    expect(await cells(1)).toEqual(["2", "81.3 %", "1.8 % to 160.7 %", "+18.8 (−60.7 to +98.2)"]);
    await expectAccessible(page);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("sets runs side by side, with paths that break after a dot", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.address}#/compare?run=${example.run}`);
    const path = page
      .locator(".differences")
      .getByRole("rowheader", { name: "training.learningRate.peak", exact: true });
    expect((await path.innerHTML()).replaceAll("<wbr>", "|")).toBe("training.|learningRate.|peak");
    await page.close();
  });

  it("paints every line of a chart, at first and after another is chosen", async () => {
    const { page } = await openPage(browser, { colorScheme: "light" });
    // How many pixels of the canvas have nearly each of the first lines' colours.
    const painted = (metric: string) =>
      page.evaluate(`(() => {
        const canvas = document.querySelector('[data-metric="${metric}"] canvas');
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return [[0x00, 0x72, 0xb2], [0xd5, 0x5e, 0x00]].map((colour) => {
          let count = 0;
          for (let place = 0; place < data.length; place += 4) {
            if (data[place + 3] > 200 && colour.every((value, channel) => Math.abs(data[place + channel] - value) < 25)) count++;
          }
          return count;
        });
      })()`) as Promise<number[]>;
    await page.goto(`${server.address}#/runs?run=${example.run}`);
    for (const metric of ["evaluation/accuracy", "reward/mean", "dependency/mean"]) {
      await page.locator(`[data-metric="${metric}"]`).scrollIntoViewIfNeeded();
      await expect.poll(async () => (await painted(metric))[0], PATIENCE).toBeGreaterThan(100);
    }
    await page.getByLabel("perceived").check();
    await expect.poll(async () => (await painted("dependency/mean"))[1], PATIENCE).toBeGreaterThan(100);
    await page.close();
  });

  it("looks closer at a curve by the plus key and by drawing over it, and shows all again", async () => {
    const { page, troubles } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=${example.run}`);
    const chart = page.locator('[data-metric="reward/mean"]');
    await chart.locator(".plot canvas").waitFor();
    const area = chart.locator(".u-over");
    const box = (await area.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await chart.getByText("Steps 2 to 5.").waitFor();
    await page.mouse.move(5, 5);
    await chart.getByText("step 5", { exact: false }).waitFor();
    const metrics = (await readMetrics(example.folder, example.run)).filter(({ kind }) => kind === "update");
    expectShown(await chart.locator(".value").textContent(), metrics[4]!.metrics["reward/mean"]!);
    await chart.getByRole("button", { name: "Show all" }).click();
    await chart.getByText("step 6", { exact: false }).waitFor();
    await chart.locator(".plot").focus();
    await page.keyboard.press("+");
    await chart.getByText(/Steps \d to 6\./).waitFor();
    await page.keyboard.press("-");
    await chart.getByRole("button", { name: "Show all" }).waitFor({ state: "detached" });
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("reads a curve off by the arrow keys", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=${example.run}`);
    const chart = page.locator('[data-metric="reward/mean"]');
    await chart.locator(".plot canvas").waitFor();
    await chart.locator(".plot").focus();
    await page.keyboard.press("Home");
    await chart.getByText("step 1", { exact: false }).waitFor();
    const [first] = (await readMetrics(example.folder, example.run)).filter(({ kind }) => kind === "update");
    expectShown(await chart.locator(".value").textContent(), first!.metrics["reward/mean"]!);
    await page.close();
  });

  it("draws seeds of one setting as one line with a band", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=whole&run=second`);
    const readings = page.locator('[data-metric="reward/mean"] .readings li');
    await expect.poll(() => readings.count(), PATIENCE).toBe(2);
    // Colour of a line's sample, of a run in the list or of a reading.
    const colours = (place: string) =>
      page
        .locator(`${place} .line-sample line`)
        .evaluateAll((lines) => lines.map((line) => line.getAttribute("stroke")));
    const apart = await colours("label.run");
    expect(new Set(apart).size).toBe(2);
    await page.getByLabel("Seeds as bands").check();
    await expect.poll(() => readings.count(), PATIENCE).toBe(1);
    const [band] = await colours('[data-metric="reward/mean"] .readings');
    expect(await colours("label.run")).toEqual([band, band]);
    const last = await Promise.all(
      ["whole", "second"].map(async (run) => (await readMetrics(example.folder, run)).at(-2)!.metrics["reward/mean"]!),
    );
    expectShown(await readings.first().locator(".value").textContent(), (last[0]! + last[1]!) / 2);
    await page.close();
  });

  it("hears of new records while it is open", async () => {
    const { page, troubles } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=second`);
    const reading = page.locator('[data-metric="reward/mean"] .readings li').first();
    await expect.poll(() => reading.textContent(), PATIENCE).toContain("step 6");
    const record = { kind: "update", step: 7, metrics: { "reward/mean": 0.4242 } };
    await appendFile(join(example.folder, "second", "metrics.jsonl"), `${JSON.stringify(record)}\n`);
    await expect.poll(() => reading.textContent(), PATIENCE).toContain("0.4242");
    expect(await reading.textContent()).toContain("step 7");
    const status = JSON.parse(await readFile(join(example.folder, "second", "status.json"), "utf8"));
    await writeFile(join(example.folder, "second", "status.json"), JSON.stringify({ ...status, state: "interrupted" }));
    await page.locator("label.run", { hasText: "second" }).getByText("interrupted").waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("shows what a model wrote as text, whatever it wrote", async () => {
    const { page, troubles } = await openPage(browser);
    const [rollout] = await rolloutsOf("hostile", 6);
    await page.goto(`${server.address}#/rollouts?run=hostile&file=rollouts/step-6`);
    await page.getByRole("link", { name: "<script>window.harmed=1</script>" }).first().waitFor();
    await page.goto(rolloutAddress("hostile", rollout!));
    await page.locator(".token").first().waitFor();
    const shown = await page.locator(".tokens .token").first().textContent();
    expect(shown).toBe(HOSTILE.replace("\u202e", "‹U+202E›").replace("\u0007", "␇").replace("\u0000", "␀"));
    await page.goto(`${server.address}#/perception?run=hostile`);
    await page.getByText("window.harmed", { exact: false }).first().waitFor();
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    // The image outside of the run is refused, and that is all that failed.
    expect(troubles.filter((trouble) => !trouble.includes("passwd") && !trouble.includes("404 (Not Found)"))).toEqual(
      [],
    );
    await page.goto(rolloutAddress("hostile", rollout!));
    await page.getByText("is missing or no PNG").waitFor();
    await page.close();
  });

  it("names the missing and broken files of a run, and shows the rest", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.address}#/runs?run=broken&run=partial`);
    await page.getByText("broken/status.json is not JSON").waitFor();
    await page.getByText(/broken\/metrics.jsonl the line at byte \d+ is no record/).waitFor();
    await page.getByText("partial/status.json is missing").waitFor();
    await page.getByText("partial/manifest.json is missing").waitFor();
    await page.locator('[data-metric="reward/mean"] .value').waitFor();
    await page.close();
  });

  it("runs every view from a report on disk, asking for nothing", async () => {
    const path = join(example.folder, "..", "report.html");
    const html = await buildReport(example.folder);
    expect(Buffer.byteLength(html)).toBeLessThan(5_000_000);
    await writeFile(path, html);
    const { page, troubles, requests } = await openPage(browser, { offline: true });
    for (const view of VIEWS) {
      await page.goto(`file://${path}#/${view}?run=${example.run}`);
      await page.locator("h1").first().waitFor();
      await page.waitForTimeout(150);
    }
    const [rollout] = await rolloutsOf(example.run, 6);
    await page.goto(`file://${path}${rolloutAddress(example.run, rollout!).slice(server.address.length)}`);
    await page.locator(".token").nth(1).waitFor();
    expect(await imageWidth(page)).toBe(8);
    await expectAccessible(page);
    await page.goto(`file://${path}#/runs?run=${example.run}`);
    const last = (await readMetrics(example.folder, example.run)).filter(({ kind }) => kind === "update").at(-1)!;
    expectShown(
      await page.locator('[data-metric="reward/mean"] .value').first().textContent(),
      last.metrics["reward/mean"]!,
    );
    expect(troubles).toEqual([]);
    expect(requests.filter((address) => !address.startsWith("file:") && !address.startsWith("data:"))).toEqual([]);
    await page.close();
    // Nothing was written among the runs but what this test wrote.
    expect(await readdir(join(example.folder, "partial"))).toEqual(["config.json"]);
  });
});
